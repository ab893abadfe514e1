"""Whether the kernels of a server run as the account of the server itself."""

from __future__ import annotations

from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner


def local_kernels(serverapp: Any) -> str:
    """Return which kernels run as this account, for a message; "" if none do.

    A provisioner that builds upon the local one counts as local: nobody can tell from here what it adds.
    """
    if serverapp.gateway_config.gateway_enabled:
        return ""
    factory = KernelProvisionerFactory.instance(parent=serverapp)
    specs = serverapp.kernel_spec_manager.get_all_specs()
    used = {name: _provisioner(known.get("spec", {}), factory) for name, known in specs.items()}
    used = used or {"any": factory.default_provisioner_name}
    return ", ".join(sorted(name for name, provisioner in used.items() if _is_local(provisioner, factory)))


def _provisioner(spec: dict[str, Any], factory: KernelProvisionerFactory) -> str:
    stanza = (spec.get("metadata") or {}).get("kernel_provisioner") or {}
    return str(stanza.get("provisioner_name") or factory.default_provisioner_name)


def _is_local(name: str, factory: KernelProvisionerFactory) -> bool:
    entry = factory.provisioners.get(name)
    if entry is None:
        return False  # no kernel starts with a provisioner that is not there
    return issubclass(entry.load(), LocalProvisioner)
