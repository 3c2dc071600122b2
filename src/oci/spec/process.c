/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "image/json.h"
#include "oci/spec/load.h"
#include "oci/spec/parts.h"
#include "policy/value/names.h"
#include "util/array.h"
#include "util/strv.h"

static const NamedNumber resources[] = {
        { "RLIMIT_AS", RLIMIT_AS },           { "RLIMIT_CORE", RLIMIT_CORE },
        { "RLIMIT_CPU", RLIMIT_CPU },         { "RLIMIT_DATA", RLIMIT_DATA },
        { "RLIMIT_FSIZE", RLIMIT_FSIZE },     { "RLIMIT_LOCKS", RLIMIT_LOCKS },
        { "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK }, { "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
        { "RLIMIT_NICE", RLIMIT_NICE },       { "RLIMIT_NOFILE", RLIMIT_NOFILE },
        { "RLIMIT_NPROC", RLIMIT_NPROC },     { "RLIMIT_RSS", RLIMIT_RSS },
        { "RLIMIT_RTPRIO", RLIMIT_RTPRIO },   { "RLIMIT_RTTIME", RLIMIT_RTTIME },
        { "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING }, { "RLIMIT_STACK", RLIMIT_STACK },
        {},
};

const char *spec_limit_name(int resource) {
        for (const NamedNumber *n = resources; n->name; n++)
                if (n->number == resource)
                        return n->name;
        return "RLIMIT_?";
}

void spec_process_deinit(SpecProcess *process) {
        strv_free(process->arguments);
        strv_free(process->environment);
        free(process->groups);
        free(process->limits);
        free(process->exec_cpus[0]);
        free(process->exec_cpus[1]);
        *process = (SpecProcess) {};
}

static int read_id(const Place *parent, const char *key, uint32_t *ret) {
        int64_t n = 0;
        int r = place_number(parent, key, 0, UINT32_MAX - 1, &n);

        if (r >= 0)
                *ret = (uint32_t) n;
        return r;
}

static int read_groups(const Place *user, SpecProcess *ret) {
        const Place groups = place_member(user, "additionalGids");

        for (size_t i = 0; i < json_array_size(groups.value); i++) {
                const Place p = place_item(&groups, i);
                int64_t n = place_integer(p.value);
                gid_t *gid;

                if (n < 0 || n >= UINT32_MAX)
                        return place_error(&p, ERANGE, "it is not a group");
                gid = ARRAY_APPEND(ret->groups, ret->n_groups);
                if (!gid)
                        return report_oom(user->report);
                *gid = (gid_t) n;
        }
        return 0;
}

static int read_user(const Place *process, SpecProcess *ret) {
        const Place user = place_member(process, "user");
        int64_t mask = -1;
        int r;

        r = read_id(&user, "uid", &ret->uid);
        if (r >= 0)
                r = read_id(&user, "gid", &ret->gid);
        if (r >= 0)
                r = place_number(&user, "umask", 0, 0777, &mask);
        if (r < 0)
                return r;
        ret->set_umask = mask >= 0;
        ret->umask = (mode_t) (mask & 0777);
        return read_groups(&user, ret);
}

/* An unknown capability grants nothing, so a notice is enough; but version 1.0 of the specification wants an error. */
static int read_set(const Place *capabilities, const char *key, unsigned minor, uint64_t *ret) {
        const Place set = place_member(capabilities, key);

        for (size_t i = 0; i < json_array_size(set.value); i++) {
                const Place p = place_item(&set, i);
                const NamedNumber *c = capability_find(json_string_value(p.value));

                if (c)
                        *ret |= UINT64_C(1) << c->number;
                else if (minor == 0)
                        return place_error(&p, EINVAL, "isorun-oci does not know this capability");
                else
                        place_notice(&p, "ignored: isorun-oci does not know this capability");
        }
        return 0;
}

static int read_sets(const Place *capabilities, unsigned minor, SpecProcess *ret) {
        int r = read_set(capabilities, "bounding", minor, &ret->bounding);

        if (r >= 0)
                r = read_set(capabilities, "effective", minor, &ret->effective);
        if (r >= 0)
                r = read_set(capabilities, "permitted", minor, &ret->permitted);
        if (r >= 0)
                r = read_set(capabilities, "inheritable", minor, &ret->inheritable);
        return r < 0 ? r : read_set(capabilities, "ambient", minor, &ret->ambient);
}

static int read_capabilities(const Place *process, unsigned minor, SpecProcess *ret) {
        const Place p = place_member(process, "capabilities");
        int r = read_sets(&p, minor, ret);

        if (r < 0)
                return r;
        if (ret->effective & ~ret->permitted)
                return place_error(&p, EINVAL, "the effective capabilities must be among the permitted ones");
        /* execve(2) gives root the same ones without; buildah's containers all have such ambient ones. */
        if (ret->uid != 0 && ret->ambient & ~(ret->permitted & ret->inheritable))
                place_notice(&p, "the ambient capabilities that are not permitted and inheritable, too, are left out");
        ret->ambient &= ret->permitted & ret->inheritable;
        return 0;
}

static int read_limit(const Place *p, SpecLimit *ret) {
        const char *type = json_text_of(p->value, "type");
        const NamedNumber *resource = type ? named_find(resources, type) : NULL;
        int64_t soft = -1, hard = -1;
        int r;

        if (!resource)
                return place_error(p, EINVAL, "its type is not a resource limit: \"%s\"", type ?: "");
        r = place_number(p, "soft", -1, INT64_MAX, &soft);
        if (r >= 0)
                r = place_number(p, "hard", -1, INT64_MAX, &hard);
        if (r < 0)
                return r;
        *ret = (SpecLimit) { .resource = resource->number, .limit = { (rlim_t) soft, (rlim_t) hard } };
        return ret->limit.rlim_cur <= ret->limit.rlim_max ? 0 : place_error(p, EINVAL, "soft is above hard");
}

static int read_limits(const Place *process, SpecProcess *ret) {
        const Place limits = place_member(process, "rlimits");
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_array_size(limits.value); i++) {
                const Place p = place_item(&limits, i);
                SpecLimit limit = {}, *slot;

                r = read_limit(&p, &limit);
                for (size_t k = 0; r >= 0 && k < ret->n_limits; k++)
                        if (ret->limits[k].resource == limit.resource)
                                r = place_error(&p, EINVAL, "the limit is there twice");
                slot = r >= 0 ? ARRAY_APPEND(ret->limits, ret->n_limits) : NULL;
                if (r >= 0 && !slot)
                        return report_oom(p.report);
                if (slot)
                        *slot = limit;
        }
        return r;
}

static int read_command(const Place *p, SpecProcess *ret) {
        int r;

        r = place_texts(p, "args", &ret->arguments);
        if (r >= 0)
                r = place_texts(p, "env", &ret->environment);
        if (r < 0)
                return r;
        ret->directory = json_text_of(p->value, "cwd");
        if (!ret->arguments)
                return place_error(p, EINVAL, "args is missing or empty");
        if (!ret->directory || *ret->directory != '/')
                return place_error(p, EINVAL, "cwd must be an absolute path");
        ret->no_new_privileges = json_is_true(json_object_get(p->value, "noNewPrivileges"));
        return 0;
}

static int read_terminal(const Place *process, SpecProcess *ret) {
        const Place size = place_member(process, "consoleSize");
        int64_t rows = 0, columns = 0;
        int r;

        ret->terminal = json_is_true(json_object_get(process->value, "terminal"));
        r = place_number(&size, "height", 0, UINT16_MAX, &rows);
        if (r >= 0)
                r = place_number(&size, "width", 0, UINT16_MAX, &columns);
        ret->rows = (unsigned short) rows;
        ret->columns = (unsigned short) columns;
        return r;
}

/* The kernel takes a label that begins with a newline for none. */
int label_read(const Place *parent, const char *key, const char **ret) {
        const Place p = place_member(parent, key);
        const char *label = json_string_value(p.value);

        if (label && strchr(label, '\n'))
                return place_error(&p, EINVAL, "it is not a label: it has a newline");
        *ret = label && *label ? label : NULL;
        return 0;
}

int process_read(const Place *place, unsigned minor, SpecProcess *ret) {
        int64_t oom = INT64_MIN;
        int r;

        if (!place->value)
                return place_error(place, EINVAL, "it is missing");
        ret->file = place->file;
        ret->pointer = place->parent ? "/process" : "";
        r = read_command(place, ret);
        if (r >= 0)
                r = read_user(place, ret);
        if (r >= 0)
                r = read_capabilities(place, minor, ret);
        if (r >= 0)
                r = read_limits(place, ret);
        if (r >= 0)
                r = read_terminal(place, ret);
        if (r >= 0)
                r = place_number(place, "oomScoreAdj", -1000, 1000, &oom);
        ret->set_oom_score = oom != INT64_MIN;
        ret->oom_score = ret->set_oom_score ? (int) oom : 0;
        ret->apparmor = json_text_of(place->value, "apparmorProfile");
        if (ret->apparmor && !*ret->apparmor)
                ret->apparmor = NULL;
        if (r >= 0)
                r = label_read(place, "selinuxLabel", &ret->selinux);
        return r < 0 ? r : scheduling_read(place, ret);
}
