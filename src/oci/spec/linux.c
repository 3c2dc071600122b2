/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "image/json.h"
#include "oci/spec/parts.h"
#include "util/array.h"
#include "util/text.h"

const SpecNamespace spec_namespaces[SPEC_NAMESPACES] = {
        [SPEC_IPC] = { "ipc", "ipc", CLONE_NEWIPC },
        [SPEC_UTS] = { "uts", "uts", CLONE_NEWUTS },
        [SPEC_NETWORK] = { "network", "net", CLONE_NEWNET },
        [SPEC_PID] = { "pid", "pid", CLONE_NEWPID },
        [SPEC_CGROUP] = { "cgroup", "cgroup", CLONE_NEWCGROUP },
        [SPEC_TIME] = { "time", "time", CLONE_NEWTIME },
        [SPEC_MOUNT] = { "mount", "mnt", CLONE_NEWNS },
        [SPEC_USER] = { "user", "user", CLONE_NEWUSER },
};

static int read_namespace(const Place *p, Spec *ret) {
        const char *type = json_text_of(p->value, "type"), *path = json_text_of(p->value, "path");
        size_t i = 0;

        while (i < SPEC_NAMESPACES && !(type && streq(type, spec_namespaces[i].name)))
                i++;
        if (i == SPEC_NAMESPACES)
                return place_error(p, EOPNOTSUPP, "not supported by isorun-oci yet: namespaces of type %s", type ?: "");
        if (ret->new_namespaces & spec_namespaces[i].flag || ret->joined[i])
                return place_error(p, EINVAL, "the type %s is there twice", type);
        if (!path || !*path) {
                ret->new_namespaces |= spec_namespaces[i].flag;
                return 0;
        }
        if (i == SPEC_MOUNT)
                return place_error(p, EOPNOTSUPP, "a mount namespace must be a new one: to make the root in %s would "
                                   "take their root from all processes there", path);
        if (*path != '/')
                return place_error(p, EINVAL, "path must be absolute");
        ret->joined[i] = path;
        return 0;
}

static int read_namespaces(const Place *place, Spec *ret) {
        const Place namespaces = place_member(place, "namespaces");
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_array_size(namespaces.value); i++) {
                const Place p = place_item(&namespaces, i);

                r = read_namespace(&p, ret);
        }
        if (r >= 0 && !(ret->new_namespaces & CLONE_NEWNS))
                return place_error(&namespaces, EINVAL,
                                   "a mount namespace is missing: without it, the root would be the host's");
        return r;
}

int map_read(const Place *place, const char *key, IdMap *ret) {
        const Place entries = place_member(place, key);

        for (size_t i = 0; i < json_array_size(entries.value); i++) {
                const Place p = place_item(&entries, i);
                int64_t inside = 0, outside = 0, count = 0;
                int r;

                r = place_number(&p, "containerID", 0, UINT32_MAX, &inside);
                if (r >= 0)
                        r = place_number(&p, "hostID", 0, UINT32_MAX, &outside);
                if (r >= 0)
                        r = place_number(&p, "size", 1, UINT32_MAX, &count);
                if (r < 0)
                        return r;
                if (id_map_add(ret, (uint32_t) inside, (uint32_t) outside, (uint32_t) count) < 0)
                        return report_oom(place->report);
        }
        return 0;
}

bool spec_has_user_namespace(const Spec *spec) {
        return spec->new_namespaces & CLONE_NEWUSER || spec->joined[SPEC_USER];
}

/* Beside a path, engines also write the maps of that namespace: joined_check_maps() compares them. */
static int read_maps(const Place *place, Spec *ret) {
        const bool has_user = spec_has_user_namespace(ret);
        int r;

        r = map_read(place, "uidMappings", &ret->uid_map);
        if (r >= 0)
                r = map_read(place, "gidMappings", &ret->gid_map);
        if (r < 0)
                return r;
        if (ret->joined[SPEC_USER] && (ret->uid_map.n > 0) != (ret->gid_map.n > 0))
                return place_error(place, EINVAL, "uidMappings and gidMappings must both be there, or neither");
        if (ret->new_namespaces & CLONE_NEWUSER && (ret->uid_map.n == 0 || ret->gid_map.n == 0))
                return place_error(place, EINVAL, "a user namespace needs uidMappings and gidMappings");
        return !has_user && (ret->uid_map.n > 0 || ret->gid_map.n > 0)
                       ? place_error(place, EINVAL, "uidMappings and gidMappings need a user namespace") : 0;
}

/* "/dev/x/" is the device /dev/x. */
static int trim_path(const Place *p, SpecDevice *ret) {
        size_t n = strlen(ret->path);

        while (n > 1 && ret->path[n - 1] == '/')
                n--;
        if (!ret->path[n])
                return 0;
        if (json_object_set_new(p->value, "path", json_stringn(ret->path, n)) < 0)
                return -ENOMEM;
        ret->path = json_text_of(p->value, "path");
        return 0;
}

static int read_device(const Place *p, SpecDevice *ret) {
        const char *type = json_text_of(p->value, "type") ?: "";
        int64_t major = 0, minor = 0, mode = 0666, uid = 0, gid = 0;
        int r;

        ret->path = json_text_of(p->value, "path");
        ret->type = streq(type, "c") || streq(type, "u") ? S_IFCHR :
                    streq(type, "b")                     ? S_IFBLK :
                    streq(type, "p")                     ? S_IFIFO : 0;
        if (!ret->type)
                return place_error(p, EINVAL, "its type is not c, u, b or p: \"%s\"", type);
        if (!ret->path || *ret->path != '/')
                return place_error(p, EINVAL, "path must be absolute");
        r = place_number(p, "major", 0, 0xfff, &major);
        if (r >= 0)
                r = place_number(p, "minor", 0, 0xfffff, &minor);
        if (r >= 0)
                r = place_number(p, "fileMode", 0, 0177777, &mode);
        if (r >= 0)
                r = place_number(p, "uid", 0, UINT32_MAX - 1, &uid);
        if (r >= 0)
                r = place_number(p, "gid", 0, UINT32_MAX - 1, &gid);
        if (r < 0)
                return r;
        if (trim_path(p, ret) < 0)
                return report_oom(p->report);
        ret->mode = (mode_t) mode & 07777; /* engines also write the type into it */
        ret->number = makedev((unsigned) major, (unsigned) minor);
        ret->owned = json_object_get(p->value, "uid") || json_object_get(p->value, "gid") ||
                     json_object_get(p->value, "fileMode");
        ret->uid = (uid_t) uid;
        ret->gid = (gid_t) gid;
        return 0;
}

static int read_devices(const Place *place, Spec *ret) {
        const Place devices = place_member(place, "devices");
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_array_size(devices.value); i++) {
                const Place p = place_item(&devices, i);
                SpecDevice *d = ARRAY_APPEND(ret->devices, ret->n_devices);

                r = d ? read_device(&p, d) : report_oom(place->report);
        }
        return r;
}

static int read_propagation(const Place *place, Spec *ret) {
        const Place p = place_member(place, "rootfsPropagation");
        const char *text = json_string_value(p.value) ?: "";
        const bool all = *text == 'r';

        if (!*text)
                return 0;
        ret->propagation = propagation_find(text + all);
        if (!ret->propagation)
                return place_error(&p, EINVAL, "it must be private, slave, shared or unbindable, or one of these after "
                                               "an r, not \"%s\"", text);
        ret->propagation |= all ? MS_REC : 0;
        return 0;
}

/* Of the host's own namespaces, no container may set anything: only these three have their own values. */
static int check_sysctls(const Place *place, Spec *ret) {
        const Place sysctls = place_member(place, "sysctl");
        const char *key;
        json_t *value;

        json_object_foreach(sysctls.value, key, value) {
                const Place p = place_member(&sysctls, key);
                const bool network = startswith(key, "net.");
                const bool ipc = startswith(key, "fs.mqueue.") || startswith(key, "kernel.msg") ||
                                 startswith(key, "kernel.shm") || streq(key, "kernel.sem");
                const bool uts = streq(key, "kernel.domainname");
                const size_t of = network ? SPEC_NETWORK : ipc ? SPEC_IPC : SPEC_UTS;

                if (strchr(key, '/') || strstr(key, ".."))
                        return place_error(&p, EINVAL, "it is not the name of a sysctl");
                if (streq(key, "kernel.hostname"))
                        return place_error(&p, EINVAL, "/hostname sets it");
                if (!network && !ipc && !uts)
                        return place_error(&p, EINVAL, "the sysctl would change the host: no namespace has its own");
                if (!(ret->new_namespaces & spec_namespaces[of].flag) && !ret->joined[of])
                        return place_error(&p, EINVAL, "the sysctl needs a new or joined %s namespace",
                                           spec_namespaces[of].name);
        }
        ret->sysctls = sysctls.value;
        return 0;
}

static int read_offset(const Place *offsets, const char *clock, FILE *f) {
        const Place p = place_member(offsets, clock);
        int64_t seconds = 0, nanoseconds = 0;
        int r = place_number(&p, "secs", INT64_MIN, INT64_MAX, &seconds);

        if (r >= 0)
                r = place_number(&p, "nanosecs", 0, 999999999, &nanoseconds);
        if (r >= 0 && p.value)
                fprintf(f, "%s %lld %lld\n", clock, (long long) seconds, (long long) nanoseconds);
        return r;
}

static int read_offsets(const Place *place, Spec *ret) {
        const Place offsets = place_member(place, "timeOffsets");
        _cleanup_text_ Text text = {};
        int r;

        if (json_object_size(offsets.value) == 0)
                return 0;
        if (!(ret->new_namespaces & CLONE_NEWTIME))
                return place_error(&offsets, EINVAL, "offsets need a new time namespace");
        if (text_open(&text) < 0)
                return report_oom(place->report);
        r = read_offset(&offsets, "monotonic", text.f);
        if (r >= 0)
                r = read_offset(&offsets, "boottime", text.f);
        if (r < 0)
                return r;
        ret->time_offsets = text_finish(&text);
        return ret->time_offsets ? 0 : report_oom(place->report);
}

int linux_read(const Place *place, Spec *ret) {
        int r;

        r = read_namespaces(place, ret);
        if (r >= 0)
                r = read_maps(place, ret);
        if (r >= 0)
                r = read_devices(place, ret);
        if (r >= 0)
                r = net_devices_read(place, ret);
        if (r >= 0)
                r = read_offsets(place, ret);
        if (r >= 0)
                r = place_texts(place, "maskedPaths", &ret->masked);
        if (r >= 0)
                r = place_texts(place, "readonlyPaths", &ret->read_only);
        if (r >= 0)
                r = read_propagation(place, ret);
        if (r >= 0)
                r = label_read(place, "mountLabel", &ret->mount_label);
        if (r >= 0)
                r = personality_read(place, ret);
        if (r >= 0)
                r = memory_policy_read(place, ret);
        return r < 0 ? r : check_sysctls(place, ret);
}
