#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""images.py DIR: makes container images in DIR, good and hostile ones, each an OCI layout NAME with the tag "1", unless
the name says otherwise. /bin/busybox becomes their program.
"""
import ctypes
import gzip
import hashlib
import io
import json
import os
import pathlib
import platform
import sys
import tarfile

OCI = "application/vnd.oci.image."
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]


def zstd(data):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compressBound.restype = library.ZSTD_compress.restype = ctypes.c_size_t
    size = library.ZSTD_compressBound(ctypes.c_size_t(len(data)))
    to = ctypes.create_string_buffer(size)
    used = library.ZSTD_compress(to, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data)), 3)
    return to.raw[:used]


PACK = {"": bytes, "+gzip": lambda data: gzip.compress(data, 6, mtime=0), "+zstd": zstd}


def member(name, data=b"", kind=tarfile.REGTYPE, target="", mode=0o644, uid=0, headers=None):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.uid, info.gid, info.size = kind, target, mode, uid, uid, len(data)
    info.pax_headers = headers or {}
    return info, data


def directory(name, mode=0o755, **rest):
    return member(name, kind=tarfile.DIRTYPE, mode=mode, **rest)


def layer(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def put(root, data):
    path = os.path.join(root, "blobs/sha256")
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, sha(data)), "wb") as f:
        f.write(data)
    return {"digest": "sha256:" + sha(data), "size": len(data)}


def config_of(layers, config):
    return json.dumps({"os": "linux", "architecture": ARCHITECTURE, "config": config,
                       "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(data) for data in layers]}}).encode()


def layout(root, layers, config=None, packs=None, change=None, tag="1"):
    """change may alter the blobs' descriptors, or the blobs themselves, before the manifest is written."""
    packs = packs or ["+gzip"] * len(layers)
    described = [put(root, PACK[pack](data)) | {"mediaType": OCI + "layer.v1.tar" + pack}
                 for data, pack in zip(layers, packs)]
    parts = {"config": put(root, config_of(layers, config or {})) | {"mediaType": OCI + "config.v1+json"},
             "layers": described, "schemaVersion": 2}
    if change:
        change(root, parts)
    manifest = put(root, json.dumps(parts).encode()) | {"mediaType": OCI + "manifest.v1+json",
                                                        "annotations": {"org.opencontainers.image.ref.name": tag}}
    for name, value in ("index.json", {"manifests": [manifest]}), ("oci-layout", {"imageLayoutVersion": "1.0.0"}):
        with open(os.path.join(root, name), "w", encoding="ascii") as f:
            json.dump(value | {"schemaVersion": 2}, f)


def nested(root, depth):
    """Indices that lead to the manifest, one behind the other."""
    with open(os.path.join(root, "index.json"), encoding="ascii") as f:
        index = json.load(f)
    for _ in range(depth):
        index["manifests"] = [put(root, json.dumps(index).encode()) | {"mediaType": OCI + "index.v1+json"}]
    with open(os.path.join(root, "index.json"), "w", encoding="ascii") as f:
        json.dump(index, f)


def blob(root, descriptor):
    return os.path.join(root, "blobs/sha256", descriptor["digest"][7:])


def damage(root, parts):
    path = blob(root, parts["layers"][0])
    with open(path, "r+b") as f:
        f.seek(20)
        f.write(b"damage")


def damage_config(root, parts):
    with open(blob(root, parts["config"]), "r+b") as f:
        f.seek(1)
        f.write(b" ")


def resized(root, parts):
    """A blob with its digest, and another size than the image says. All of it must not be copied first."""
    os.truncate(blob(root, parts["layers"][0]), 1 << 40)


def endless(root, parts):
    """A blob of 1 TiB, as the image says."""
    os.truncate(blob(root, parts["layers"][0]), 1 << 40)
    parts["layers"][0]["size"] = 1 << 40


def truncate(root, parts):
    """A layer that ends early, under its true digest."""
    with open(blob(root, parts["layers"][0]), "rb") as f:
        data = f.read()
    parts["layers"][0].update(put(root, data[:len(data) // 2]))


def other_contents(root, parts):
    parts["layers"][0].update(put(root, PACK["+gzip"](layer(member("other", b"x")))))


def media_type(root, parts):
    parts["layers"][0]["mediaType"] = "application/x-strange"


def linked_blob(root, parts):
    path = blob(root, parts["layers"][0])
    os.rename(path, root + ".stolen")
    os.symlink(root + ".stolen", path)


def other_machine(root, parts):
    """Of another architecture, which the index does not say."""
    text = json.loads(pathlib.Path(blob(root, parts["config"])).read_bytes()) | {"architecture": "other"}
    parts["config"].update(put(root, json.dumps(text).encode()))


def two(root):
    """An index with the image under two tags."""
    path = pathlib.Path(root, "index.json")
    index = json.loads(path.read_bytes())
    other = index["manifests"][0] | {"annotations": {"org.opencontainers.image.ref.name": "2"}}
    path.write_text(json.dumps(index | {"manifests": index["manifests"] + [other]}), encoding="ascii")


def long_digest(root, parts):
    parts["layers"][0]["digest"] = "sha512:" + "0" * 128


def make(top):
    with open("/bin/busybox", "rb") as f:
        busybox = f.read()
    link = tarfile.SYMTYPE
    applets = [member("bin/" + name, kind=link, target="busybox")
               for name in ("sh", "cat", "ls", "id", "stat", "echo", "env", "pwd", "mkdir", "sleep", "tr", "wc", "grep", "true")]
    base = layer(directory("."), directory("bin"), member("bin/busybox", busybox, mode=0o755), *applets,
                 directory("etc"), member("etc/passwd", b"root:x:0:0::/:/bin/sh\n"), member("etc/gone", b"old\n"),
                 member("etc/kept", b"lower\n"), directory("opaque"), member("opaque/old", b"old\n"),
                 directory("srv"), directory("work"), directory("data"), directory("proc"), directory("dev"))
    xattrs = {"SCHILY.xattr.user.kind": "mine", "SCHILY.xattr.user.overlay.redirect": "/etc",
              "SCHILY.xattr.trusted.overlay.opaque": "y", "SCHILY.xattr.security.capability": "x"}
    upper = layer(directory("etc"), member("etc/.wh.gone"), member("etc/kept", b"upper\n"), directory("opaque"),
                  member("opaque/.wh..wh..opq"), member("opaque/new", b"new\n"),
                  member("srv/" + "long/" * 40 + "n" * 200, b"deep\n"),
                  member("srv/hard", kind=tarfile.LNKTYPE, target="etc/kept"),
                  member("srv/null", kind=tarfile.CHRTYPE), member("srv/pipe", kind=tarfile.FIFOTYPE, mode=0o640, uid=33), member("srv/suid", b"#!\n", mode=0o4755),
                  member("srv/other", b"33\n", uid=33), member("srv/grün", b"x", headers=xattrs))
    config = {"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["echo from the image: $FROM $PWD"], "WorkingDir": "/work",
              "Env": ["FROM=env 100% $x", "PATH=/bin"], "Volumes": {"/data": {}}, "StopSignal": "SIGINT",
              "User": "root", "ExposedPorts": {"8080/tcp": {}}}
    at = lambda name: os.path.join(top, name)
    layout(at("good"), [base, upper], config, ["+gzip", "+zstd"])
    layout(at("known"), [base, upper], config, ["+gzip", "+zstd"], change=lambda root, parts: [
        os.unlink(blob(root, part)) for part in parts["layers"]])
    layout(at("plain"), [base], {}, [""])
    layout(at("repeated"), [base, upper, base, layer(member("etc/kept", b"top\n"))], config)
    few = [layer(member(f"etc/{i}", b"x")) for i in range(30)]
    more = [layer(directory("opaque"), member(f"opaque/.wh.{i - 1}"), member(f"opaque/{i}", b"y")) for i in range(40)]
    layout(at("many"), [base, *few], config)
    layout(at("most"), [base, *few, *more], config, [""] * 71)
    with tarfile.open(at("good.tar"), "w") as tar:
        tar.add(at("good"), ".")
    docker(at("docker.tar"), [base, upper], config)

    # Files of several users, also set-user-ID ones and those that only their user may read; the User's names are in it.
    names = [directory("srv"), member("etc/passwd", b"root:x:0:0::/:/bin/sh\napp:x:33:44::/srv/app:/bin/sh\n"),
             member("etc/group", b"root:x:0:\nstaff:x:50:\n")]
    owned = layer(*names, directory("srv/app", mode=0o700, uid=33), member("srv/app/secret", b"of app\n", mode=0o600, uid=33),
                  member("srv/link", kind=link, target="root", uid=33), member("srv/root", b"of root\n", mode=0o600), member("srv/suid", b"#!\n", mode=0o4755, uid=33))
    layout(at("users"), [base, owned], {"User": "app", "Cmd": ["/bin/sh", "-c", "id -u; id -g; echo $HOME; cat srv/app/secret"]})
    layout(at("groups"), [base, owned], {"User": "33:staff"})
    layout(at("nobody"), [base, owned], {"User": "none"})
    layout(at("nogroup"), [base, owned], {"User": "app:none"})
    layout(at("high"), [layer(member("x", b"x", uid=70000))])

    hostile = {
        "dots": [member("a/../../out", b"x")],
        "absolute": [member("x", b"x")],
        "symlinked": [member("etc", kind=link, target="/etc"), member("etc/out", b"x")],
        "relative": [member("a", kind=link, target="../../.."), member("a/out", b"x")],
        "hardlink": [member("x", kind=tarfile.LNKTYPE, target="../../../../etc/passwd")],
        "linked": [member("a", kind=link, target="/etc"), member("x", kind=tarfile.LNKTYPE, target="a/passwd")],
        "whiteout": [member(".wh...")],
        "root": [member(".", kind=link, target="/etc")],
        "bomb": [member("zeros", bytes(3 << 20))],
        "files": [directory(f"d{i}") for i in range(5000)],
        "deep": [member("d/" * 300 + "x", b"x")],
        "ids": [member("x", b"x", uid=1 << 32)],
        "directory_ids": [directory("x", uid=(1 << 32) - 1)],
        "opaque_file": [member("x", b"x"), member("x/.wh..wh..opq")],
        "of_device": [member("null", kind=tarfile.CHRTYPE), member("x", kind=tarfile.LNKTYPE, target="null")],
        "of_lower": [member("x", kind=tarfile.LNKTYPE, target="etc/lower")],
        "pax_size": [member("x", headers={"size": str(1 << 40)})],
        "implied": [member("/".join([str(i)] + ["d"] * 200), b"x") for i in range(5)],
        "nothing": [member("etc/.wh.")],
        "long_name": [member("n" * 256, b"x")],
        "long_path": [member("/".join(["n" * 200] * 25), b"x")],
    }
    for name, members in hostile.items():
        for info, _ in members:
            info.name = "/etc/absolute" if name == "absolute" else info.name
        layout(at(name), [layer(*members)])
    for change in damage, damage_config, truncate, other_contents, media_type, linked_blob, long_digest, other_machine, resized, endless:
        layout(at(change.__name__), [layer(member(change.__name__, b"text" * 100))], change=change)
    layout(at("two"), [base])
    two(at("two"))
    layout(at("notar"), [b"this is not a tar archive" * 100])
    layout(at("sparse"), [sparse()])
    layout(at("window"), [b"\x28\xb5\x2f\xfd\x00\xf8" + bytes(64)], packs=[""], change=as_zstd)
    layout(at("indices"), [layer(member("x", b"x"))])
    nested(at("indices"), 4)
    layout(at("huge"), [layer(member("x", b"x"))])
    os.truncate(os.path.join(at("huge"), "index.json"), 1 << 40)
    docker(at("docker-out.tar"), [layer(member("x", b"docker"))], {}, {"Layers": ["../" * 20 + "etc/passwd"]})
    docker(at("docker-directory.tar"), [layer(member("x", b"docker"))], {}, {"Layers": ["."]})
    docker(at("docker-config.tar"), [base], {}, {"Config": "/etc/passwd"})


def sparse():
    """A file of 1 TiB in 2 KiB of archive: GNU's sparse format 0.0."""
    info, _ = member("hole", headers={"GNU.sparse.size": str(1 << 40), "GNU.sparse.numblocks": "0"})
    return layer((info, b""))


def as_zstd(_, parts):
    """A frame whose window takes 2 TiB of memory."""
    parts["layers"][0]["mediaType"] += "+zstd"


def docker(path, layers, config, changes=None):
    """As docker save: the second layer is a link, as for one that another image has, too."""
    text = config_of(layers, config)
    names = [f"{sha(data)}/layer.tar" for data in layers]
    manifest = [{"Config": sha(text) + ".json", "RepoTags": ["example.org/team/app:1", "example.org/team/app:2"], "Layers": names} | (changes or {})]
    members = [member("manifest.json", json.dumps(manifest).encode()), member(sha(text) + ".json", text),
               member(names[0], layers[0]), member("shared.tar", layers[-1]),
               member(f"{sha(layers[-1])}/link.tar" if len(layers) == 1 else names[1], kind=tarfile.SYMTYPE, target="../shared.tar")]
    with open(path, "wb") as f:
        f.write(layer(*members))


if __name__ == "__main__":
    make(sys.argv[1])
