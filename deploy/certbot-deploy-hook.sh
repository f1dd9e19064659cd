#!/bin/sh
# A deploy hook of certbot: gives the relay the renewed certificate, which it serves within 20 s. certbot's own files are root's alone.
# Run by a test, with a folder in place of certbot's.
#
#   install -m 0755 deploy/certbot-deploy-hook.sh /etc/letsencrypt/renewal-hooks/deploy/quicpipe
set -eu

tls=${QUICPIPE_TLS:-/etc/quicpipe/tls}
group=${QUICPIPE_GROUP:-quicpipe}

install -d -g "$group" -m 0750 "$tls"
# Into their place by renaming: the relay never reads half a file.
for name in cert key; do
  case $name in
    cert) from=fullchain.pem ;;
    key) from=privkey.pem ;;
  esac
  install -g "$group" -m 0640 "$RENEWED_LINEAGE/$from" "$tls/$name.pem.new"
  mv -f "$tls/$name.pem.new" "$tls/$name.pem"
done
