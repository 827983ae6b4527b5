"""Plays what is behind nova-api, computes and a conductor, by Nova's own objects: POST /control with one JSON object."""

import json
import traceback
import uuid

from nova import context, objects
from nova.network import model
from nova.objects import instance as instance_objects
from oslo_utils import timeutils

OPERATIONS = {}


def operation(function):
    OPERATIONS[function.__name__] = function
    return function


def with_control(application):
    def answer(environ, start_response):
        if environ["PATH_INFO"] != "/control":
            return application(environ, start_response)
        asked = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        try:
            status, result = "200 OK", OPERATIONS[asked.pop("do")](**asked)
        except Exception:
            status, result = "500 Internal Server Error", traceback.format_exc()
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(result).encode()]

    return answer


def cell():
    mappings = objects.CellMappingList.get_all(context.get_admin_context())
    return next(each for each in mappings if not each.is_cell0())


def in_cell():
    return context.target_cell(context.get_admin_context(), cell())


@operation
def compute(host, version=None):
    """A nova-compute that has reported once; its provider in placement is its own to make."""
    with in_cell() as admin:
        service = objects.Service(admin, host=host, binary="nova-compute", topic="compute", report_count=1)
        service.create()
        if version is not None:
            service.version = version
            service.save()
        node = objects.ComputeNode(
            admin,
            uuid=str(uuid.uuid4()),
            host=host,
            service_id=None,
            hypervisor_hostname=f"{host}.example.net",
            hypervisor_type="QEMU",
            hypervisor_version=7002000,
            vcpus=4,
            vcpus_used=0,
            memory_mb=4096,
            memory_mb_used=0,
            local_gb=10,
            local_gb_used=0,
            free_ram_mb=4096,
            free_disk_gb=10,
            current_workload=0,
            running_vms=0,
            cpu_info="{}",
            disk_available_least=0,
            cpu_allocation_ratio=1.0,
            ram_allocation_ratio=1.0,
            disk_allocation_ratio=1.0,
            mapped=1,
        )
        node.create()
    admin = context.get_admin_context()
    objects.HostMapping(admin, host=host, cell_mapping=cell()).create()
    return {"id": node.uuid}


@operation
def forced_down(host, value):
    with in_cell() as admin:
        service = objects.Service.get_by_host_and_binary(admin, host, "nova-compute")
        service.forced_down = value
        service.save()


def place(target, host):
    node = objects.ComputeNode.get_first_node_by_host_for_old_compat(target, host)
    return {"host": host, "node": node.hypervisor_hostname, "compute_id": node.id}


@operation
def server(host, name, project, state="active"):
    admin = context.get_admin_context()
    flavor = objects.Flavor(
        admin, flavorid="small", name="small", memory_mb=64, vcpus=1, root_gb=0, ephemeral_gb=0, swap=0,
        rxtx_factor=1.0, vcpu_weight=0, disabled=False, is_public=True, extra_specs={}, projects=[], id=1,
    )
    with in_cell() as target:
        made = objects.Instance(
            target, uuid=str(uuid.uuid4()), **place(target, host), display_name=name,
            hostname=name, project_id=project, user_id="somebody", vm_state=state, power_state=1 if state == "active" else 4,
            memory_mb=64, vcpus=1, root_gb=0, ephemeral_gb=0, image_ref="", locked=False, system_metadata={},
            flavor=flavor, launched_on=host, launched_at=timeutils.utcnow(with_timezone=True), info_cache=objects.InstanceInfoCache(network_info=model.NetworkInfo([])),
        )
        made.create()
    objects.InstanceMapping(
        admin, instance_uuid=made.uuid, cell_mapping=cell(), project_id=project, user_id="somebody",
    ).create()
    spec = objects.RequestSpec.from_components(admin, made.uuid, None, flavor, None, None, {}, None, None)
    spec.create()
    return {"id": made.uuid}


@operation
def migrating():
    """Servers that Nova was asked to move, and that no conductor has looked at yet."""
    with in_cell() as admin:
        found = instance_objects.InstanceList.get_by_filters(admin, {"deleted": False})
        return [each.uuid for each in found if each.task_state == "migrating"]


@operation
def moved(id, host=None):
    """What a migration comes to: on another host, or back where it was."""
    with in_cell() as admin:
        found = objects.Instance.get_by_uuid(admin, id)
        if host is not None:
            for name, value in place(admin, host).items():
                setattr(found, name, value)
        found.task_state = None
        found.save()
