"""Certificates as an operator gets them: from an authority, put where the proxy looks for them."""

import ssl

from tests.stack.stack import TLS, Stack
from tests.stack.waiting import until

# The key is written first, and half a pair lies there for a moment: that must do no harm.
ISSUE = f"""
set -e
cd /tmp
curve="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req -x509 $curve -days 90 -subj "/CN=Authority of the stack test" -keyout ca.key -out ca.crt \\
    -addext keyUsage=critical,keyCertSign,cRLSign
openssl req $curve -subj /CN=localhost -keyout new.key -out new.csr
printf 'subjectAltName=DNS:localhost\\nextendedKeyUsage=serverAuth\\nkeyUsage=critical,digitalSignature\\n' > new.ext
printf 'basicConstraints=critical,CA:FALSE\\n' >> new.ext
openssl x509 -req -in new.csr -CA ca.crt -CAkey ca.key -days 90 -extfile new.ext -out new.crt
cat new.key > {TLS}/tls.key
cat new.crt ca.crt > {TLS}/tls.crt
rm ca.* new.*
"""


def shown(stack: Stack) -> bytes:
    """The certificate that the proxy shows."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("localhost", stack.https)))


def put(stack: Stack) -> None:
    """A new certificate and its key, there to be taken."""
    stack.exec("proxy", "sh", "-c", ISSUE)


def is_shown(stack: Stack) -> bool:
    """Whether it is the one in the volume, five times in turn: for a moment old workers answer, too."""
    first = stack.exec("proxy", "cat", f"{TLS}/tls.crt").partition("-----END CERTIFICATE-----\n")
    wanted = ssl.PEM_cert_to_DER_cert(first[0] + first[1])
    return all(shown(stack) == wanted for _ in range(5))


def take(stack: Stack) -> None:
    """A new one, and wait until it is shown."""
    put(stack)
    until(lambda: is_shown(stack), "the new certificate is shown", 30)
