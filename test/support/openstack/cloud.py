"""A keystone, a placement and a nova-api of their own packages, on loopback, with sqlite.

cloud.py prepare TEMPLATE    makes databases, keys and users, once
cloud.py run TEMPLATE HOME   serves copies of them until standard input ends; prints where, as one line of JSON
"""

import http.server
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.dirname(sys.executable)
SERVICES = ("keystone", "placement", "nova")
PASSWORD = "administrator's password"

KEYSTONE = """
[database]
connection = sqlite:///{home}/keystone.sqlite
[token]
provider = fernet
[fernet_tokens]
key_repository = {home}/fernet-keys/
[fernet_receipts]
key_repository = {home}/fernet-keys/
[credential]
key_repository = {home}/credential-keys/
"""

MIDDLEWARE = """
[keystone_authtoken]
www_authenticate_uri = {keystone}/v3
auth_url = {keystone}/v3
auth_type = password
username = service
password = {password}
project_name = service
user_domain_id = default
project_domain_id = default
region_name = RegionOne
token_cache_time = -1
[oslo_policy]
policy_file = {home}/no-policy.yaml
"""

PLACEMENT = """
[api]
auth_strategy = keystone
[placement_database]
connection = sqlite:///{home}/placement.sqlite
""" + MIDDLEWARE

def client(service):
    return f"""
[{service}]
auth_url = {{keystone}}/v3
auth_type = password
username = service
password = {{password}}
project_name = service
user_domain_id = default
project_domain_id = default
region_name = RegionOne
"""


# No message queue: what nova-api asks of computes and conductors is heard by nobody, and control.py plays them.
NOVA = """
[DEFAULT]
host = control
state_path = {home}
transport_url = fake://
rpc_response_timeout = 1
long_rpc_timeout = 1
service_down_time = 1000000
[database]
connection = sqlite:///{home}/cell1.sqlite
[api_database]
connection = sqlite:///{home}/nova_api.sqlite
[oslo_concurrency]
lock_path = {home}
""" + MIDDLEWARE + client("neutron") + client("placement")


def write_configuration(home, keystone):
    for name, text in (("keystone", KEYSTONE), ("placement", PLACEMENT), ("nova", NOVA)):
        with open(os.path.join(home, f"{name}.conf"), "w") as out:
            out.write(text.format(home=home, keystone=keystone, password=PASSWORD.replace("$", "$$")))
    shutil.copy(os.path.join(os.path.dirname(BIN), "etc", "nova", "api-paste.ini"), home)


def environment(home):
    ours = {f"OS_{name.upper()}_CONFIG_DIR": home for name in SERVICES}
    return {**os.environ, **ours, "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true", "PYTHONWARNINGS": "ignore"}


def prepare(template):
    os.makedirs(template)
    for keys in ("fernet-keys", "credential-keys"):
        os.mkdir(os.path.join(template, keys), 0o700)
    write_configuration(template, "http://127.0.0.1:9")

    def manage(service, *args):
        command = [os.path.join(BIN, f"{service}-manage"), f"--config-file={template}/{service}.conf", *args]
        done = subprocess.run(command, env=environment(template), capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")

    manage("keystone", "db_sync")
    manage("keystone", "fernet_setup", "--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid()))
    manage("keystone", "credential_setup", "--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid()))
    urls = [f"--bootstrap-{each}-url=http://keystone.invalid/v3" for each in ("public", "internal", "admin")]
    manage("keystone", "bootstrap", f"--bootstrap-password={PASSWORD}", "--bootstrap-region-id=RegionOne", *urls)
    manage("placement", "db", "sync")
    manage("nova", "api_db", "sync")
    manage("nova", "cell_v2", "map_cell0", f"--database_connection=sqlite:///{template}/cell0.sqlite")
    manage("nova", "cell_v2", "create_cell", "--name=cell1")
    manage("nova", "db", "sync")
    subprocess.run(
        [sys.executable, os.path.join(SCRIPTS, "people.py")], env=environment(template), check=True, timeout=600
    )


def move(home, template, urls):
    """A copy of the template lives in another folder and on other ports."""
    with sqlite3.connect(os.path.join(home, "keystone.sqlite")) as keystone:
        for name, url in urls.items():
            keystone.execute("update endpoint set url = replace(url, ?, ?)", (f"http://{name}.invalid", url))
    with sqlite3.connect(os.path.join(home, "nova_api.sqlite")) as nova:
        nova.execute("update cell_mappings set database_connection = replace(database_connection, ?, ?)", (template, home))


class Neutron(http.server.BaseHTTPRequestHandler):
    """nova-api asks it for the ports of each server that it shows."""

    def do_GET(self):
        body = json.dumps({name: [] for name in ("ports", "security_groups", "networks", "extensions")}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def run(template, home):
    shutil.copytree(template, home)
    sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in SERVICES}
    urls = {name: f"http://127.0.0.1:{each.getsockname()[1]}" for name, each in sockets.items()}
    neutron = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Neutron)
    threading.Thread(target=neutron.serve_forever, daemon=True).start()
    write_configuration(home, urls["keystone"])
    move(home, template, {**urls, "neutron": f"http://127.0.0.1:{neutron.server_port}"})
    logs = {name: open(os.path.join(home, f"{name}.log"), "wb") for name in SERVICES}
    children = {
        name: subprocess.Popen(
            [sys.executable, os.path.join(SCRIPTS, "serve.py"), name, str(each.fileno())],
            env=environment(home),
            pass_fds=[each.fileno()],
            stdin=subprocess.PIPE,
            stdout=logs[name],
            stderr=logs[name],
        )
        for name, each in sockets.items()
    }
    try:
        wait(children, home)
        print(json.dumps({**urls, "password": PASSWORD}), flush=True)
        sys.stdin.read()
    finally:
        for child in children.values():
            child.send_signal(signal.SIGKILL)


def wait(children, home):
    """A service makes a file once it serves, so that nothing of it is asked before."""
    deadline = time.monotonic() + 900
    while not all(os.path.exists(os.path.join(home, f"{name}.ready")) for name in children):
        for name, child in children.items():
            if child.poll() is not None:
                with open(os.path.join(home, f"{name}.log")) as log:
                    sys.exit(f"{name} ended: {log.read()[-4000:]}")
        if time.monotonic() > deadline:
            sys.exit("the services were not up within 900 s")
        time.sleep(0.05)


if __name__ == "__main__":
    {"prepare": prepare, "run": run}[sys.argv[1]](*sys.argv[2:])
