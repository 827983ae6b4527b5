"""What openstacksdk makes of files and variables: a line of JSON for each line of JSON."""

import json
import os
import sys
import tempfile
import warnings

from openstack.config import OpenStackConfig

warnings.simplefilter("ignore")


def domain(auth, prefix):
    found = {key: auth[f"{prefix}_{key}"] for key in ("id", "name") if auth.get(f"{prefix}_{key}")}
    return {"id": found["id"]} if "id" in found else found or None


def named(auth, identifier, name, prefix):
    if auth.get(identifier):
        return {"id": auth[identifier]}
    return {"name": auth[name], "domain": domain(auth, prefix)} if auth.get(name) else None


def read(asked):
    os.environ.clear()
    os.environ.update(asked["environment"])
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name in ("clouds", "secure", "vendors"):
            paths[name] = []
            if asked["files"].get(name) is not None:
                paths[name] = [os.path.join(folder, f"{name}.yaml")]
                with open(paths[name][0], "w") as out:
                    out.write(asked["files"][name])
        config = OpenStackConfig(
            config_files=paths["clouds"], secure_files=paths["secure"], vendor_files=paths["vendors"]
        )
        cloud = config.get_one(cloud=asked.get("cloud"), region_name=asked.get("region"))
    auth = cloud.config["auth"]
    verify, cert = cloud.get_requests_verify_args()
    return {
        "authUrl": auth.get("auth_url"),
        "user": named(auth, "user_id", "username", "user_domain"),
        "project": named(auth, "project_id", "project_name", "project_domain"),
        "secret": auth.get("password") or auth.get("application_credential_secret") or auth.get("token"),
        "application": auth.get("application_credential_id"),
        "system": auth.get("system_scope"),
        "region": cloud.region_name or None,
        "interface": cloud.get_interface(),
        "verify": verify if isinstance(verify, bool) else True,
        "cacert": verify if isinstance(verify, str) else None,
        "placement": cloud.get_endpoint("placement"),
    }


for line in sys.stdin:
    try:
        answer = read(json.loads(line))
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
