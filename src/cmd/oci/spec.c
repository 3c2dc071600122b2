/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isorun-oci spec: writes a config.json to begin with. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cmd/oci/command.h"
#include "util/fd.h"
#include "util/path.h"

static json_t *map_to(uint32_t id) {
        return json_pack("[{si sI si}]", "containerID", 0, "hostID", (json_int_t) id, "size", 1);
}

/* The group "tty", which the caller's map does not have. */
static void drop_group(json_t *spec) {
        json_t *mount, *option;
        size_t i, k;

        json_array_foreach(json_object_get(spec, "mounts"), i, mount)
                json_array_foreach(json_object_get(mount, "options"), k, option)
                        if (streq(json_string_value(option), "gid=5"))
                                (void) json_array_remove(json_object_get(mount, "options"), k--);
}

/* A user has no cgroup to enforce device rules in, and cannot make devices. */
static int make_rootless(json_t *spec) {
        json_t *part = json_object_get(spec, "linux");

        drop_group(spec);
        if (json_array_append_new(json_object_get(part, "namespaces"), json_pack("{ss}", "type", "user")) < 0 ||
            json_object_set_new(part, "uidMappings", map_to(geteuid())) < 0 ||
            json_object_set_new(part, "gidMappings", map_to(getegid())) < 0)
                return -ENOMEM;
        (void) json_object_del(part, "resources");
        return 0;
}

static int write_new(const char *path, const char *config, Report *report) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        int r = fd < 0 ? -errno : fd_write_all(fd, config, strlen(config));

        return r < 0 ? report_error(report, -r, "cannot write %s: %s", path, strerror(-r)) : 0;
}

int oci_spec(const OciCall *call) {
        _cleanup_free_ char *path = path_join(command_line_get(call->line, 'b') ?: ".", "config.json"), *config = NULL;
        json_t *spec = json_loads(oci_default_config, 0, NULL);

        if (spec && (!command_line_has(call->line, OCI_ROOTLESS) || make_rootless(spec) >= 0))
                config = json_dumps(spec, JSON_INDENT(2));
        json_decref(spec);
        return (path && config ? write_new(path, config, call->report) : report_oom(call->report)) < 0;
}
