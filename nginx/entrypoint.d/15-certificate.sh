#!/bin/sh
# A certificate before NGINX starts, and a watch for a new one from then on.
set -eu

chronos-certificate take
chronos-certificate watch &
