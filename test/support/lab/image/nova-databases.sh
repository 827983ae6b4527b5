#!/bin/bash
# Creates the databases of a nova image. Runs inside the new root, with no service running.
set -euo pipefail
as() { local user=$1; shift; su -s /bin/sh "$user" -c "$*"; }
manage() { as nova nova-manage --config-file /etc/nova-control/nova.conf "$@"; }

# /var/lock leads to a folder of the running system, which does not exist yet.
install -d /run/lock
for project in nova placement glance; do
  install -d -o $project -g $project /var/lib/$project /var/log/$project /var/lock/$project
done
as placement placement-manage db sync
manage api_db sync
manage cell_v2 map_cell0 --database_connection sqlite:////var/lib/nova/nova_cell0.sqlite
manage cell_v2 create_cell --name cell1
manage db sync
as glance glance-manage db_sync
# Readers and a writer at the same time, without "database is locked".
for file in nova/nova nova/nova_api nova/nova_cell0 placement/placement glance/glance; do
  as "${file%%/*}" "sqlite3 /var/lib/$file.sqlite 'PRAGMA journal_mode=WAL'" > /dev/null
done
