#!/bin/sh
# Stand-in for the public NGINX image's: templates become configuration. Like there, a folder that cannot be written to is no error.
set -e

templates=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
suffix=${NGINX_ENVSUBST_TEMPLATE_SUFFIX:-.template}
output=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}

[ -d "$templates" ] || exit 0
if [ ! -w "$output" ]; then
    echo "$0: $output is not writable, so $templates is left alone" >&2
    exit 0
fi
names=$(awk -v filter="${NGINX_ENVSUBST_FILTER:-}" 'BEGIN { for (name in ENVIRON) if (name ~ filter) printf "${%s} ", name }')
find "$templates" -follow -type f -name "*$suffix" | while read -r template; do
    name=${template#"$templates/"}
    mkdir -p "$output/$(dirname "$name")"
    envsubst "$names" < "$template" > "$output/${name%"$suffix"}"
done
