"""Users, roles and the catalog, by keystone's own code: what a deployment tool would ask of its API."""

import uuid

from keystone.cmd import bootstrap  # noqa: F401  (registers drivers)
from keystone.common import provider_api
from keystone.server import backends
import keystone.conf
from keystone.server.flask import core

PROVIDERS = provider_api.ProviderAPIs
PASSWORD = "administrator's password"


def main():
    keystone.conf.configure()
    keystone.conf.CONF([], project="keystone", default_config_files=core._get_config_files())
    backends.load_backends()
    roles = {each["name"]: each["id"] for each in PROVIDERS.role_api.list_roles()}
    if "service" not in roles:
        made = PROVIDERS.role_api.create_role(uuid.uuid4().hex, {"id": uuid.uuid4().hex, "name": "service"})
        roles["service"] = made["id"]
    project = {"id": uuid.uuid4().hex, "name": "service", "domain_id": "default", "enabled": True}
    PROVIDERS.resource_api.create_project(project["id"], project)
    add_user("service", project["id"], [roles["admin"], roles["service"]])
    add_user("reader", project["id"], [roles["reader"]])
    for kind, name, path in (("compute", "nova", "/v2.1"), ("placement", "placement", ""), ("network", "neutron", "")):
        service = {"id": uuid.uuid4().hex, "type": kind, "name": name, "enabled": True}
        PROVIDERS.catalog_api.create_service(service["id"], service)
        for interface in ("public", "internal"):
            endpoint = {
                "id": uuid.uuid4().hex,
                "service_id": service["id"],
                "interface": interface,
                "region_id": "RegionOne",
                "url": f"http://{name}.invalid{path}",
                "enabled": True,
            }
            PROVIDERS.catalog_api.create_endpoint(endpoint["id"], endpoint)


def add_user(name, project, roles):
    user = PROVIDERS.identity_api.create_user(
        {"name": name, "domain_id": "default", "password": PASSWORD, "enabled": True}
    )
    for role in roles:
        PROVIDERS.assignment_api.add_role_to_user_and_project(user["id"], project, role)


main()
