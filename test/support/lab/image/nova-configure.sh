#!/bin/bash
# One machine that is a compute host and, beside it, the smallest cloud around it. Runs inside the new root.
#
# Real are nova-compute, conductor, scheduler and API, placement, glance, RabbitMQ, libvirt and QEMU, all from the
# distribution's packages. Not there: keystone (services believe the request's headers), MariaDB (sqlite instead), and
# neutron (a stub that has no networks; servers are made without any).
set -euo pipefail
place() { python3 /lab/place_options.py "$1"; }

echo compute > /etc/hostname
sed -i 's/^127\.0\.1\.1.*/127.0.1.1\tcompute/' /etc/hosts

# ---- the compute host: the package's own files, with what any deployment has to set
place /etc/nova/nova.conf << 'END'
[DEFAULT]
my_ip = 127.0.0.1
transport_url = rabbit://guest:guest@127.0.0.1:5672/
[glance]
api_servers = http://127.0.0.1:9292
[neutron]
auth_type = admin_token
token = admin
endpoint = http://127.0.0.1:9696
endpoint_override = http://127.0.0.1:9696
http_retries = 0
[oslo_messaging_rabbit]
heartbeat_timeout_threshold = 0
[placement]
auth_type = admin_token
token = admin
endpoint = http://127.0.0.1:8778
END
# Software emulation: the machine that runs the lab may have no KVM. nova-compute.conf is read after nova.conf and wins.
sed -i 's/^virt_type=kvm$/virt_type=qemu/' /etc/nova/nova-compute.conf
grep -q '^virt_type=qemu$' /etc/nova/nova-compute.conf
# nova-compute complains about every database option it sees; only the control plane may have them.
sed -i 's/^connection = /#&/' /etc/nova/nova.conf

# ---- the control plane, in a folder of its own
install -d -m 755 /etc/nova-control
cp -p /etc/nova/nova.conf /etc/nova-control/nova.conf
place /etc/nova-control/nova.conf << 'END'
[api_database]
connection = sqlite:////var/lib/nova/nova_api.sqlite
[conductor]
workers = 1
[database]
connection = sqlite:////var/lib/nova/nova.sqlite
[quota]
cores = -1
instances = -1
ram = -1
[scheduler]
workers = 1
END
# Nova's "keystone" pipeline without the filter that asks keystone: what keystone would have said then comes in the
# request's headers. (auth_strategy = noauth2 does not do: its requests carry no token, and glance's client wants one.)
sed -E 's/^(keystone = .*) authtoken keystonecontext/\1 keystonecontext/' /etc/nova/api-paste.ini \
  > /etc/nova-control/api-paste.ini
grep -q '^keystone = .*osprofiler keystonecontext' /etc/nova-control/api-paste.ini
chgrp nova /etc/nova-control/*
chmod 640 /etc/nova-control/*
drop_in() { install -d "/etc/systemd/system/$1.service.d" && cat > "/etc/systemd/system/$1.service.d/lab.conf"; }
for unit in nova-conductor nova-scheduler; do
  printf '[Service]\nEnvironment=CONFIG_FILE=/etc/nova-control/nova.conf\n' | drop_in $unit
done
printf '[Service]\nEnvironment=OS_NOVA_CONFIG_DIR=/etc/nova-control\n' | drop_in nova-api

place /etc/placement/placement.conf << 'END'
[api]
auth_strategy = noauth2
[placement_database]
connection = sqlite:////var/lib/placement/placement.sqlite
END
place /etc/glance/glance-api.conf << 'END'
[DEFAULT]
workers = 1
enabled_import_methods = []
[database]
connection = sqlite:////var/lib/glance/glance.sqlite
[glance_store]
stores = file
default_store = file
[paste_deploy]
flavor =
END
# The packages' defaults of 8 to 16 processes each are for a controller of its own.
sed -i -E 's/^processes *=.*/processes = 1/; s/^threads *=.*/threads = 4/' \
  /etc/nova/nova-api-uwsgi.ini /etc/placement/placement-api-uwsgi.ini /etc/glance/glance-api-uwsgi.ini
cat > /etc/rabbitmq/rabbitmq-env.conf << 'END'
NODENAME=rabbit@localhost
NODE_IP_ADDRESS=127.0.0.1
SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +sbwt none"
END

# ---- order at boot. On a real host the control plane is elsewhere and long up when nova-compute starts. The ordering
# is written at the control plane's units, so that nova-compute and libvirt stay exactly as the package has them.
install -m 755 /lab/neutron-stub.py /usr/local/sbin/neutron-stub
cat > /etc/systemd/system/neutron-stub.service << 'END'
[Unit]
Description=Lab: a neutron that has no networks
[Service]
ExecStart=/usr/local/sbin/neutron-stub
User=nobody
[Install]
WantedBy=multi-user.target
END
cat > /etc/systemd/system/lab-control-plane.service << 'END'
[Unit]
Description=Lab: what a compute host needs from its cloud answers
Wants=rabbitmq-server.service placement-api.service nova-conductor.service
After=rabbitmq-server.service placement-api.service nova-conductor.service
Before=nova-compute.service
[Service]
Type=oneshot
RemainAfterExit=yes
User=nova
# Nova calls a host down that has not reported for a minute, and the first report comes 5 s after nova-compute's start.
# With this the host is, for Nova, one that was away for a moment only, and not since its image was made.
ExecStart=sqlite3 /var/lib/nova/nova.sqlite "PRAGMA busy_timeout = 10000; UPDATE services SET last_seen_up = datetime('now')"
ExecStart=/bin/sh -c 'for i in $(seq 300); do curl -s -o /dev/null -m 5 http://127.0.0.1:8778/ && exit 0; sleep 0.2; done; exit 1'
[Install]
WantedBy=multi-user.target
END
systemctl enable neutron-stub lab-control-plane 2> /dev/null
# epmd is started by rabbitmq itself; libvirt-guests would wait minutes at power-off for guests that do not listen.
systemctl disable nova-api-metadata open-iscsi iscsid.socket libvirt-guests 2> /dev/null
systemctl mask nova-api-metadata 2> /dev/null
