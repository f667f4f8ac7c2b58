#!/bin/sh
# certificates.sh DIR: an authority, and servers' certificates that it should not have issued, or did not.
# Each NAME.pem has its chain and NAME.key beside it. Good ones: good, chained.
set -eu
mkdir -p "$1"
cd "$1"
: >index.txt
cat >openssl.cnf <<'END'
[req]
distinguished_name = name
prompt = no
[name]
CN = localhost
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
default_md = sha256
default_days = 30
policy = any
rand_serial = yes
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
[client_only]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
[other_host]
extendedKeyUsage = serverAuth
subjectAltName = DNS:elsewhere.example, IP:127.0.0.2
[address_as_name]
extendedKeyUsage = serverAuth
subjectAltName = DNS:127.0.0.1
[star]
extendedKeyUsage = serverAuth
subjectAltName = DNS:*, DNS:*.localhost
[nul_in_name]
extendedKeyUsage = serverAuth
# dNSName "localhost\0.example"
subjectAltName = DER:30:13:82:11:6c:6f:63:61:6c:68:6f:73:74:00:2e:65:78:61:6d:70:6c:65
END

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }

self_signed() { openssl req -x509 -config openssl.cnf -key "$1.key" -days 30 -extensions "$2" -subj "/CN=$3" -out "$1.pem"; }

# issue NAME ISSUER EXTENSIONS [OPTION...]
issue() {
    name=$1 issuer=$2 extensions=$3
    shift 3
    [ -e "$name.key" ] || key "$name"
    openssl req -new -config openssl.cnf -key "$name.key" -subj "/CN=localhost" -out "$name.csr"
    openssl ca -config openssl.cnf -batch -notext -cert "$issuer.pem" -keyfile "$issuer.key" -extensions "$extensions" \
        -in "$name.csr" -out "$name.pem" "$@"
}

key authority && self_signed authority authority "the specs' authority"
key stranger && self_signed stranger authority "a stranger"
key self_signed && self_signed self_signed server localhost

issue good authority server
issue wrong_host authority other_host
issue address_as_name authority address_as_name
issue star authority star
issue nul_in_name authority nul_in_name
issue expired authority server -startdate 20200101000000Z -enddate 20210101000000Z
issue not_yet_valid authority server -startdate 20900101000000Z -enddate 20910101000000Z
issue client_only authority client_only
issue unknown_authority stranger server
openssl genrsa -out weak_key.key 1024
issue weak_key authority server
issue weak_digest authority server -md sha1

issue intermediate authority authority
issue missing_intermediate intermediate server
cp missing_intermediate.key chained.key
cat missing_intermediate.pem intermediate.pem >chained.pem
issue issued_by_a_server good server
cat issued_by_a_server.pem good.pem >chain && mv chain issued_by_a_server.pem
