/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl grant NAME SRC:DEST[:ro|rw]: shows a directory of the caller in a place of the instance. isoctl grant NAME
 * peer:HOST:PORT[/udp][=TARGET]: lets the instance connect to a peer. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cmd/instance/find.h"
#include "cmd/instance/flows.h"
#include "cmd/instance/places.h"
#include "cmd/instance/select.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/word.h"

/* Resolves the symlinks in the caller's path. The result is later opened without following any. */
static char *resolve_source(const char *source, Report *report) {
        char *real = realpath(source, NULL);
        struct stat st;

        if (!real || stat(real, &st) < 0)
                report_error(report, errno, "grant: cannot use %s: %s", source, strerror(errno));
        else if (!S_ISDIR(st.st_mode))
                report_error(report, ENOTDIR, "grant: %s is not a directory: only directories can be granted", source);
        else
                return real;
        free(real);
        return NULL;
}

static int check_place(const Place *p, const Instance *i, bool writable, Report *report) {
        if (p->source)
                return report_error(report, EBUSY, "%s: %s is already in use by %s (isoctl revoke removes it)",
                                    i->name, p->path, p->source);
        if (writable && !p->writable)
                return report_error(report, EROFS,
                                    "%s: %s is read-only (a writable one needs GrantPaths=%s:rw in the policy)",
                                    i->name, p->path, p->path);
        return 0;
}

static int grant(const Instance *instance, char **fields, Report *report) {
        bool writable = fields[2] && streq(fields[2], "rw");
        _cleanup_(places_deinit) Places places = {};
        _cleanup_free_ char *source = NULL, *destination = path_simplify(fields[1]);
        _cleanup_close_ int copy = -1;
        const Place *place;
        Failure f = {};

        source = destination ? resolve_source(fields[0], report) : NULL;
        if (!source || places_find(&places, instance, report) < 0)
                return -EINVAL;
        place = places_pick(&places, instance, destination, report);
        if (!place || check_place(place, instance, writable, report) < 0)
                return -EINVAL;

        copy = grant_copy(source,
                          (MountAttributes) { .recursive = true, .read_only = !writable, .no_exec = place->no_exec },
                          &f);
        if (copy < 0 || grant_attach(&places.target, copy, place->path, &f) < 0)
                return report_error(report, EIO, "grant: %s", f.message.text);
        return 0;
}

static int parse(const char *text, char ***ret, Report *report) {
        size_t n;

        if (word_split_colons(text, ret) < 0)
                return report_oom(report);
        n = strv_length(*ret);
        if (n < 2 || n > 3 || !**ret[0] || (n == 3 && !streq((*ret)[2], "ro") && !streq((*ret)[2], "rw")))
                return report_error(report, EINVAL, "grant: not SRC:DEST[:ro|rw]: \"%s\"", text);
        return 0;
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(instances_deinit) InstanceList list = {};
        _cleanup_strv_free_ char **fields = NULL;
        const char *peer = flows_peer_of(line->arguments[1]);
        const Instance *instance;

        if ((!peer && parse(line->arguments[1], &fields, report) < 0) || instances_find(&list, report) < 0)
                return PLAN_FAILED;
        instance = instances_pick(&list, line->arguments[0], report);
        if (instance && peer)
                return flows_change(instance, FLOWS_GRANT, peer, report) < 0 ? PLAN_FAILED : 0;
        return instance && grant(instance, fields, report) >= 0 ? 0 : PLAN_FAILED;
}

static const Argument arguments[] = {
        { "NAME", ARGUMENT_INSTANCE },
        { "SRC:DEST[:ro|rw]|peer:HOST:PORT", ARGUMENT_FILE },
        {},
};

const Verb verb_grant = {
        .name = "grant",
        .help = "add a directory or peer to an instance",
        .details = "Adds the directory SRC of the host to the instance, as DEST. The policy must reserve DEST with\n"
                   "GrantPaths=. DEST is read-only, unless you add :rw and the policy also has :rw.\n"
                   "peer:HOST:PORT lets the instance connect to a peer, which is as in ConnectTo=. The policy must\n"
                   "have GrantPeers=yes.",
        .arguments = arguments,
        .run = run,
};
