#!/bin/bash
# What a cloud is told once: its hosts, an image, flavors. Runs in the booted image before it is put away.
set -euo pipefail
api() { curl -sf -m 60 -H 'X-Auth-Token: admin' -H 'X-User-Id: admin' -H 'X-Project-Id: admin' -H 'X-Roles: admin,member,reader' "$@"; }

su -s /bin/sh nova -c 'nova-manage --config-file /etc/nova-control/nova.conf cell_v2 discover_hosts'

# A guest of zeros: it never boots, and needs no more than a process that holds memory.
image=$(api -H 'Content-Type: application/json' http://127.0.0.1:9292/v2/images \
  -d '{"name": "empty", "disk_format": "raw", "container_format": "bare"}' \
  | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
head -c 1048576 /dev/zero | api -X PUT -H 'Content-Type: application/octet-stream' --data-binary @- \
  "http://127.0.0.1:9292/v2/images/$image/file"
