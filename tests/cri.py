#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls containerd as Kubernetes does, by the Container Runtime Interface (runtime.v1).

Usage: cri.py SOCKET METHOD REQUEST [FIELD...]

REQUEST is JSON with the names of the interface. Prints the FIELDs of the response (status.state), separated by spaces;
without, all of it. MESSAGES has the fields that the tests use: their numbers in the interface's api.proto, and with a
colon what they hold: t text, m a map of text to text, a name a message, nothing a number. Others are left out.
"""
import json
import sys

import grpc

MESSAGES = {
    "RunPodSandbox": "config=1:Pod runtime_handler=2:t",
    "CreateContainer": "pod_sandbox_id=1:t config=2:Container sandbox_config=3:Pod",
    "ExecSync": "container_id=1:t cmd=2:t timeout=3",
    "StopContainer": "container_id=1:t timeout=2",
    "UpdateContainerResources": "container_id=1:t linux=2:Resources",
    "Exec": "container_id=1:t cmd=2:t tty=3 stdin=4 stdout=5 stderr=6",
    "Attach": "container_id=1:t stdin=2 tty=3 stdout=4 stderr=5",
    "PortForward": "pod_sandbox_id=1:t port=2",
    "any other request": "pod_sandbox_id=1:t container_id=1:t",
    "RunPodSandbox response": "pod_sandbox_id=1:t",
    "CreateContainer response": "container_id=1:t",
    "ExecSync response": "stdout=1:t stderr=2:t exit_code=3",
    "ContainerStatus response": "status=1:StatusOfContainer",
    "PodSandboxStatus response": "status=1:StatusOfPod",
    "ContainerStats response": "stats=1:Stats",
    "PodSandboxStats response": "stats=1:StatsOfPod",
    "Exec response": "url=1:t",
    "Attach response": "url=1:t",
    "PortForward response": "url=1:t",
    "Status response": "status=1:RuntimeStatus",
    "any other response": "",
    "Pod": "metadata=1:PodMetadata hostname=2:t log_directory=3:t annotations=7:m linux=8:PodLinux",
    "PodMetadata": "name=1:t uid=2:t namespace=3:t attempt=4",
    "PodLinux": "cgroup_parent=1:t security_context=2:PodSecurity sysctls=3:m",
    "PodSecurity": "namespace_options=1:Namespaces run_as_user=3:Number readonly_rootfs=4 privileged=6 seccomp=9:Profile",
    "Namespaces": "network=1 pid=2 ipc=3 target_id=4:t",
    "Container": "metadata=1:Metadata image=2:Image command=3:t args=4:t working_dir=5:t envs=6:Variable mounts=7:Mount"
                 " devices=8:Device annotations=10:m log_path=11:t stdin=12 stdin_once=13 tty=14 linux=15:ContainerLinux",
    "Metadata": "name=1:t attempt=2",
    "Image": "image=1:t",
    "Variable": "key=1:t value=2:t",
    "Mount": "container_path=1:t host_path=2:t readonly=3 propagation=5",
    "Device": "container_path=1:t host_path=2:t permissions=3:t",
    "ContainerLinux": "resources=1:Resources security_context=2:Security",
    "Resources": "cpu_period=1 cpu_quota=2 cpu_shares=3 memory_limit_in_bytes=4 oom_score_adj=5 unified=9:m",
    "Security": "capabilities=1:Capabilities privileged=2 namespace_options=3:Namespaces run_as_user=5:Number"
                " run_as_username=6:t readonly_rootfs=7 supplemental_groups=8 no_new_privs=11 run_as_group=12:Number"
                " masked_paths=13:t readonly_paths=14:t seccomp=15:Profile",
    "Capabilities": "add_capabilities=1:t drop_capabilities=2:t",
    "Profile": "profile_type=1 localhost_ref=2:t",
    "Number": "value=1",
    "StatusOfContainer": "id=1:t state=3 exit_code=7 reason=10:t message=11:t",
    "StatusOfPod": "id=1:t state=3 network=5:Network runtime_handler=9:t",
    "Network": "ip=1:t",
    "StatsOfPod": "linux=2:StatsOfLinux",
    "StatsOfLinux": "cpu=1:Usage memory=2:Usage process=4:Processes",
    "Processes": "process_count=2:Number",
    "Stats": "cpu=2:Usage memory=3:Usage",
    "Usage": "working_set_bytes=2:Number usage_bytes=4:Number",
    "RuntimeStatus": "conditions=1:Condition",
    "Condition": "type=1:t status=2 reason=3:t message=4:t",
    "m": "key=1:t value=2:t",
}


def fields(message):
    """Yields each field's name, number, and what it holds."""
    for field in MESSAGES[message].split():
        name, _, rest = field.partition("=")
        number, _, holds = rest.partition(":")
        yield name, int(number), holds


def number(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def packed(message, values):
    known = {name: (tag, holds) for name, tag, holds in fields(message)}
    out = b""
    for name, value in values.items():
        tag, holds = known[name]
        if holds == "m":
            value = [{"key": k, "value": v} for k, v in value.items()]
        for v in value if isinstance(value, list) else [value]:
            if not holds:
                out += number(tag << 3) + number(int(v))
                continue
            v = v.encode() if holds == "t" else packed(holds, v)
            out += number(tag << 3 | 2) + number(len(v)) + v
    return out


def unpacked(message, data):
    known = {tag: (name, holds) for name, tag, holds in fields(message)}
    data = bytearray(data)

    def take_number():
        n = shift = 0
        while True:
            byte = data.pop(0)
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    out = {name: 0 if not holds else "" if holds == "t" else {} for name, _, holds in fields(message)}
    while data:
        key = take_number()
        name, holds = known.get(key >> 3, (None, None))
        value = take_number()
        if key & 7 == 2:
            length, value = value, bytes(data[:value])
            del data[:length]
        if name:
            out[name] = value.decode(errors="replace") if holds == "t" else unpacked(holds, value) if holds else value
    return out


def main(socket, method, request, *wanted):
    messages = [method if method in MESSAGES else "any other request", method + " response"]
    if messages[1] not in MESSAGES:
        messages[1] = "any other response"
    call = grpc.insecure_channel("unix:" + socket).unary_unary(f"/runtime.v1.RuntimeService/{method}")
    try:
        response = unpacked(messages[1], call(packed(messages[0], json.loads(request)), timeout=120))
    except grpc.RpcError as e:
        sys.exit(f"{method}: {e.details()}")
    out = []
    for path in wanted:
        value = response
        for name in path.split("."):
            value = value[name]
        out.append(str(value).strip())
    print(" ".join(out).strip() if wanted else json.dumps(response))


if __name__ == "__main__":
    main(*sys.argv[1:])
