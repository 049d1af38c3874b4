"""The manifest of a builder, and its settings."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kubectl_submit.builders import manifest
from kubectl_submit.builders.certificates import Certificates, Pair
from kubectl_submit.cli.options.subcommands.builder import BuilderOptions
from kubectl_submit.commands.builder import chosen
from kubectl_submit.manifests import files, tree
from kubectl_submit.model import builder
from kubectl_submit.model.builder import DEFAULT_NAME, BuilderSettings

from .leaves import difference

CERTIFICATES = Certificates(
    authority="authority\n",
    server=Pair(key="server key\n", certificate="server\n"),
    client=Pair(key="client key\n", certificate="client\n"),
    expires="2028-11-29T12:00:00Z",
)
BOUND = """\
# What was not used for longest is removed, cache mounts as well as layers.
[worker.oci]
gc = true
[[worker.oci.gcpolicy]]
all = true
maxUsedSpace = "40960MB"
"""
POD = "spec template spec"
PEM = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"


def rendered(name: str = DEFAULT_NAME, **settings: Any) -> list[Any]:
    """The objects, as kubectl reads them."""
    documents = manifest.render(name, BuilderSettings(**settings), CERTIFICATES)
    return list(yaml.safe_load_all(tree.dump(documents)))


def one(kind: str, name: str = DEFAULT_NAME, **settings: Any) -> Any:
    """The one object of a kind."""
    (found,) = (one for one in rendered(name, **settings) if one["kind"] == kind)
    return found


def asked_for(**settings: Any) -> dict[str, object]:
    """What becomes different in the StatefulSet, beside its annotations."""
    found = difference(one("StatefulSet"), one("StatefulSet", **settings))
    return {path: value for path, value in found.items() if " annotations " not in f" {path} "}


def test_everything_has_its_label_and_the_default_names() -> None:
    objects = rendered()
    before = list(yaml.safe_load_all(files.read(None, "builder.yml")[0]))
    names = [(one["kind"], one["metadata"]["name"]) for one in before]
    assert [(one["kind"], one["metadata"]["name"]) for one in objects] == names
    for found in objects:
        assert found["metadata"]["labels"][builder.BUILDER_LABEL] == DEFAULT_NAME


def test_another_name_is_everywhere() -> None:
    text = tree.dump(manifest.render("fast", BuilderSettings(), CERTIFICATES))
    objects = yaml.safe_load_all(text)
    assert DEFAULT_NAME not in str(list(objects))
    pod = one("StatefulSet", "fast")["spec"]["template"]["spec"]
    assert {"name": "certificates", "secret": {"secretName": "fast-server"}} in pod["volumes"]


def test_the_storage_bounds_the_cache() -> None:
    assert one("ConfigMap")["data"]["buildkitd.toml"] == BOUND
    claim = one("PersistentVolumeClaim", storage="100Gi", storage_class="fast")["spec"]
    assert claim["resources"]["requests"]["storage"] == "100Gi"
    assert claim["storageClassName"] == "fast"
    assert "81920MB" in one("ConfigMap", storage="100Gi")["data"]["buildkitd.toml"]


def test_without_storage_there_is_no_claim() -> None:
    assert "PersistentVolumeClaim" not in {one["kind"] for one in rendered(storage="0")}
    volumes = one("StatefulSet", storage="0")["spec"]["template"]["spec"]["volumes"]
    assert {"name": "layers", "emptyDir": {}} in volumes
    assert one("ConfigMap", storage="0")["data"]["buildkitd.toml"] == ""


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ('[registry."a"]\nhttp = true\n', f'[registry."a"]\nhttp = true\n{BOUND}'),
        ("[worker.oci]\ngc = false\n", "[worker.oci]\ngc = false\n"),
        ("[[worker.oci.gcpolicy]]\n", "[[worker.oci.gcpolicy]]\n"),
    ],
)
def test_settings_of_ones_own(own: str, text: str) -> None:
    assert one("ConfigMap", buildkitd_toml=own)["data"]["buildkitd.toml"] == text


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        ({"cpu": "4", "memory": "8Gi"},
         {
             f"{POD} containers buildkit resources requests cpu": "4",
             f"{POD} containers buildkit resources requests memory": "8Gi",
             f"{POD} containers buildkit resources limits cpu": "4",
             f"{POD} containers buildkit resources limits memory": "8Gi",
         }),
        ({"node_selector": (("disk", "ssd"),)}, {f"{POD} nodeSelector disk": "ssd"}),
        ({"buildkit_image": "buildkit:1"},
         {
             f"{POD} containers buildkit image": "buildkit:1",
             f"{POD} initContainers owner image": "buildkit:1",
         }),
    ],
)  # fmt: skip
def test_a_setting_changes_what_it_is_for(
    settings: dict[str, Any], changes: dict[str, object]
) -> None:
    assert asked_for(**settings) == changes


def test_its_own_image_is_pulled_with_the_registry_secret() -> None:
    pod = one("StatefulSet", registry_secret="registry")["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]


def test_it_goes_through_the_proxy_of_a_secret() -> None:
    pod = one("StatefulSet", proxy_secret="proxy")["spec"]["template"]["spec"]
    assert pod["containers"][0]["envFrom"] == [{"secretRef": {"name": "proxy"}}]


def test_it_trusts_the_authorities_of_a_file() -> None:
    (container,) = one("StatefulSet", authorities=PEM)["spec"]["template"]["spec"]["containers"]
    folders = {variable["name"]: variable["value"] for variable in container["env"]}
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert one("ConfigMap", authorities=PEM)["data"]["ca.crt"] == PEM
    assert mounts[folders["SSL_CERT_DIR"].rpartition(":")[2]] == "settings"
    assert "ca.crt" not in one("ConfigMap")["data"]


def test_new_certificates_and_settings_start_it_again() -> None:
    def read(**settings: Any) -> str:
        template = one("StatefulSet", **settings)["spec"]["template"]
        return str(template["metadata"]["annotations"][manifest.READ_AT_START])

    assert read() == read(cpu="1")
    assert read() != read(buildkitd_toml="debug = true")
    assert read() != read(authorities=PEM)


def test_each_side_has_its_own_key() -> None:
    server, client = (one for one in rendered() if one["kind"] == "Secret")
    assert server["stringData"]["tls.key"] == "server key\n"
    assert client["stringData"] == {
        "ca.crt": "authority\n",
        "tls.crt": "client\n",
        "tls.key": "client key\n",
    }
    everything_else = [one for one in rendered() if one["kind"] != "Secret"]
    assert " key\n" not in str(everything_else)


def test_other_namespaces_are_admitted_and_get_the_clients_secret() -> None:
    copies = [one for one in rendered(allow_namespace=("a", "b")) if one["kind"] == "Secret"][2:]
    assert [one["metadata"]["namespace"] for one in copies] == ["a", "b"]
    assert {one["stringData"]["tls.key"] for one in copies} == {"client key\n"}
    own, first, _ = one("NetworkPolicy", allow_namespace=("a", "b"))["spec"]["ingress"][0]["from"]
    assert "namespaceSelector" not in own
    assert first["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "a"}
    assert first["podSelector"] == own["podSelector"]


def test_builds_are_admitted_by_a_label_and_nothing_else_is() -> None:
    policy = one("NetworkPolicy")["spec"]
    assert policy["podSelector"]["matchLabels"] == {builder.BUILDER_LABEL: DEFAULT_NAME}
    (rule,) = policy["ingress"]
    (source,) = rule["from"]
    (admitted,) = source["podSelector"]["matchExpressions"]
    assert admitted == {"key": builder.CLIENT_LABEL, "operator": "Exists"}
    assert [port["port"] for port in rule["ports"]] == [builder.PORT]


def test_what_is_not_said_again_stays() -> None:
    before = BuilderSettings(
        storage="100Gi", cpu="4", node_selector=(("disk", "ssd"),), buildkitd_toml="debug = true"
    )
    again = builder.settings_of(before.recorded())
    assert again == before
    options = BuilderOptions(memory="8Gi", storage="0")
    changed = chosen(options, again)
    assert (changed.storage, changed.cpu, changed.memory) == ("0", "4", "8Gi")
    assert changed.node_selector == (("disk", "ssd"),)
    assert changed.buildkitd_toml == "debug = true"


@pytest.mark.parametrize("recorded", ["", "{", '{"storage": "1Gi", "new": 1}'])
def test_settings_of_another_version(recorded: str) -> None:
    assert builder.settings_of(recorded).cpu is None
