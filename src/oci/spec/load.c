/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/spec/load.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/param.h>

#include "image/json.h"
#include "oci/spec/fields.h"
#include "oci/spec/parts.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/process.h"
#include "util/strv.h"

void spec_deinit(Spec *spec) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                free(spec->mounts[i].data);
                free(spec->mounts[i].inner_source);
                id_map_deinit(&spec->mounts[i].uid_map);
                id_map_deinit(&spec->mounts[i].gid_map);
        }
        free(spec->mounts);
        spec_process_deinit(&spec->process);
        hooks_deinit(spec);
        id_map_deinit(&spec->uid_map);
        id_map_deinit(&spec->gid_map);
        free(spec->devices);
        free(spec->net_devices);
        free(spec->filter);
        for (size_t i = 0; i < spec->n_cgroup_files; i++) {
                free(spec->cgroup_files[i].file);
                free(spec->cgroup_files[i].value);
                free(spec->cgroup_files[i].pointer);
        }
        free(spec->cgroup_files);
        free(spec->device_rules);
        free(spec->time_offsets);
        free(spec->memory_policy.nodes);
        strv_free(spec->masked);
        strv_free(spec->read_only);
        free(spec->bundle);
        free(spec->text);
        free(spec->root);
        json_decref(spec->json);
        *spec = (Spec) {};
}

static int read_version(const Place *top, Spec *spec) {
        const Place p = place_member(top, "ociVersion");
        const char *minor;

        spec->version = json_string_value(p.value);
        if (!spec->version)
                return place_error(&p, EINVAL, "it is missing");
        minor = startswith(spec->version, "1.");
        if (!minor || !isdigit((unsigned char) *minor))
                return place_error(&p, EINVAL, "isorun-oci knows only versions 1.x");
        spec->minor = (unsigned) MIN(strtoul(minor, NULL, 10), SPEC_MINOR);
        return 0;
}

static int read_root(const Place *top, Spec *spec) {
        const Place root = place_member(top, "root"), p = place_member(&root, "path");
        const char *path = json_string_value(p.value);

        if (!path || !*path)
                return place_error(&p, EINVAL, "it is missing");
        spec->root = *path == '/' ? strdup(path) : path_join(spec->bundle, path);
        spec->root_read_only = json_is_true(json_object_get(root.value, "readonly"));
        return spec->root ? 0 : report_oom(top->report);
}

static int read_names(const Place *top, Spec *spec) {
        const char *sysctl = json_text_of(spec->sysctls, "kernel.domainname");

        spec->host_name = json_text_of(top->value, "hostname");
        spec->domain_name = json_text_of(top->value, "domainname");
        if (spec->host_name && !*spec->host_name)
                spec->host_name = NULL;
        if (spec->domain_name && !*spec->domain_name)
                spec->domain_name = NULL;
        if (spec->domain_name && sysctl && !streq(spec->domain_name, sysctl))
                return place_error(top, EINVAL, "domainname and the sysctl kernel.domainname differ");
        if ((!spec->host_name && !spec->domain_name) || spec->new_namespaces & spec_namespaces[SPEC_UTS].flag ||
            spec->joined[SPEC_UTS])
                return 0;
        return place_error(top, EINVAL, "hostname and domainname need a new or joined uts namespace");
}

static int read_switch(const Place *annotations, const char *key, bool *ret) {
        const Place p = place_member(annotations, key);
        const char *text = json_string_value(p.value);

        if (!text)
                return 0;
        *ret = streq(text, "1") || streq(text, "true");
        return *ret || streq(text, "0") || streq(text, "false") ? 0 : place_error(&p, EINVAL, "it is not 1 or 0");
}

static int read_annotations(const Place *top, Spec *spec) {
        const Place annotations = place_member(top, "annotations");
        const char *key;
        json_t *value;
        int r;

        spec->annotations = annotations.value;
        json_object_foreach(annotations.value, key, value) {
                const Place p = place_member(&annotations, key);

                if (startswith(key, SPEC_CRUN_ANNOTATIONS) && !streq(key, SPEC_KEEP_GROUPS) &&
                    !streq(key, SPEC_KNOWN_CALLS))
                        place_notice(&p, "ignored: an annotation of crun, which isorun-oci does not act on");
        }
        r = read_switch(&annotations, SPEC_KNOWN_CALLS, &spec->knows_calls);
        if (r >= 0)
                r = read_switch(&annotations, SPEC_KEEP_GROUPS, &spec->keep_groups);
        if (r < 0 || !spec->keep_groups)
                return r;
        /* The label of an image can be this annotation: then the image would choose to have root's groups. */
        if (process_is_host_root() || json_object_get(annotations.value, SPEC_POLICY_ANNOTATION))
                return place_error(&annotations, EPERM, SPEC_KEEP_GROUPS " is not for root of the host, nor with "
                                   SPEC_POLICY_ANNOTATION ": list the groups in /process/user/additionalGids");
        if (spec->joined[SPEC_USER])
                return place_error(&annotations, EPERM, SPEC_KEEP_GROUPS " is not for a user namespace of others (%s), "
                                   "whose root could take these groups", spec->joined[SPEC_USER]);
        place_notice(&annotations, SPEC_KEEP_GROUPS ": the container has the caller's groups%s",
                     spec->process.n_groups > 0 ? ", and not those of /process/user/additionalGids" : "");
        spec->process.n_groups = 0;
        return 0;
}

/* Where they run, the host's files are gone: oci/outside/staged.h. */
static int check_hooks(const Place *top, const Spec *spec) {
        const Place hooks = place_member(top, "hooks"), place = place_member(&hooks, "createContainer");

        if (!spec->joined[SPEC_USER] || spec->n_hooks[SPEC_CREATE_CONTAINER] == 0)
                return 0;
        return place_error(&place, EOPNOTSUPP, "with a user namespace of others (%s), the host's files are gone where "
                           "these hooks run: use createRuntime", spec->joined[SPEC_USER]);
}

static int read_all(Spec *spec, const char *file, Report *report) {
        const Place top = { .value = spec->json, .file = file, .text = spec->text, .report = report };
        const Place process = place_member(&top, "process"), linux_part = place_member(&top, "linux");
        int r;

        r = fields_check(&top, "");
        if (r >= 0)
                r = read_version(&top, spec);
        if (r >= 0)
                r = read_root(&top, spec);
        if (r >= 0)
                r = process_read(&process, spec->minor, &spec->process);
        if (r >= 0)
                r = hooks_read(&top, spec);
        if (r >= 0)
                r = linux_read(&linux_part, spec);
        if (r >= 0)
                r = read_annotations(&top, spec);
        if (r >= 0)
                r = check_hooks(&top, spec);
        if (r >= 0)
                r = mounts_read(&top, spec);
        if (r >= 0)
                r = resources_read(&linux_part, spec);
        if (r >= 0)
                r = seccomp_read(&linux_part, spec);
        return r < 0 ? r : read_names(&top, spec);
}

static int parse(const char *bundle, const char *file, char *text, size_t size, Spec *ret, Report *report) {
        Spec spec = { .bundle = strdup(bundle), .file = file, .text = text };
        int r = spec.bundle ? 0 : report_oom(report);

        if (r >= 0) {
                spec.json = place_parse(text, size, file, report);
                r = spec.json ? read_all(&spec, file, report) : -EBADMSG;
        }
        if (r < 0)
                spec_deinit(&spec);
        else
                *ret = spec;
        return r;
}

int spec_parse(const char *bundle, char *text, size_t size, Spec *ret, Report *report) {
        return parse(bundle, "config.json", text, size, ret, report);
}

int spec_load(const char *bundle, const char *file, Spec *ret, Report *report) {
        const char *name = file ?: "config.json";
        _cleanup_free_ char *path = *name == '/' ? strdup(name) : path_join(bundle, name);
        size_t size;
        char *text;
        int r = path ? text_file_read(path, &text, &size) : -ENOMEM;

        if (r < 0)
                return report_error(report, -r, "cannot read %s: %s%s", path ?: bundle, text_file_strerror(-r),
                                    r == -ENOENT && !file ? " (isorun-oci spec writes one, and umoci unpack)" : "");
        return parse(bundle, name, text, size, ret, report);
}

int spec_load_copy(int directory, const char *bundle, Spec *ret, Report *report) {
        size_t size;
        char *text;
        int r = file_read(directory, "config.json", &text, &size);

        if (r < 0)
                return report_error(report, -r, "cannot read the config.json of the container: %s", strerror(-r));
        return spec_parse(bundle, text, size, ret, report);
}

/* Waits for the writer of a pipe, unlike file_read(): the caller has named it. */
static int read_also_pipe(const char *path, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? -errno : fd_read_all(fd, ret, ret_size);
}

int spec_load_process(const char *path, json_t **ret_json, SpecProcess *ret, Report *report) {
        _cleanup_free_ char *text = NULL;
        SpecProcess process = {};
        json_t *json = NULL;
        size_t size;
        int r = read_also_pipe(path, &text, &size);
        Place place = { .file = path, .report = report };

        if (r < 0)
                return report_error(report, -r, "cannot read %s: %s", path, strerror(-r));
        place.text = text;
        place.value = json = place_parse(text, size, path, report);
        r = json ? fields_check(&place, "/process") : -EBADMSG;
        if (r >= 0)
                r = process_read(&place, SPEC_MINOR, &process);
        if (r < 0) {
                spec_process_deinit(&process);
                json_decref(json);
                return r;
        }
        *ret_json = json;
        *ret = process;
        return 0;
}

int spec_read_resources(const char *path, json_t **ret, Report *report) {
        const bool input = streq(path, "-");
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = input ? read_also_pipe("/dev/stdin", &text, &size) : text_file_read(path, &text, &size);

        if (r < 0)
                return report_error(report, -r, "cannot read %s: %s", path, text_file_strerror(-r));
        *ret = place_parse(text, size, path, report);
        return *ret ? 0 : -EBADMSG;
}

/* The object of a key, which is made if it is missing. NULL: memory has run out. */
static json_t *member(json_t *object, const char *key) {
        json_t *value = json_object_get(object, key);

        if (json_is_object(value))
                return value;
        return json_object_set_new(object, key, json_object()) < 0 ? NULL : json_object_get(object, key);
}

int spec_change_resources(const Spec *old, json_t *changes, const char *name, Spec *ret, Report *report) {
        const Place place = { .value = changes, .file = name, .report = report };
        _cleanup_json_ json_t *json = NULL;
        json_t *resources;
        char *text = NULL;
        int r = fields_check(&place, "/linux/resources");

        if (r < 0)
                return r;
        if (json_array_size(json_object_get(changes, "devices")) > 0)
                report_notice(report, "%s: /devices: ignored: the device rules of a container stay", name);
        (void) json_object_del(changes, "devices");
        json = json_deep_copy(old->json);
        resources = json ? member(json, "linux") : NULL;
        resources = resources ? member(resources, "resources") : NULL;
        if (resources && json_object_update_recursive(resources, changes) == 0)
                text = json_dumps(json, 0);
        return text ? spec_parse(old->bundle, text, strlen(text), ret, report) : report_oom(report);
}
