/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/show-root.h"

/* An addition for a mount that is made only if its destination exists, when isorun does not know whether it does. */
static const char *describe_condition(const PlanMount *m) {
        return m->place == PLACE_IF_THERE ? ", if it exists" : "";
}

/* Shows a mount of something from the host. */
static void show_source(Output *out, const PlanMount *m, const Origin *origin) {
        _cleanup_free_ char *source = plan_source_format(&m->source);

        if (!source)
                out->oom = true;
        else if (plan_mount_is_overlay(m))
                output_entry(out, m->destination, origin, "writable %s%s, writes stay in memory (%s)", source,
                             m->attributes.no_exec ? ", noexec" : "", m->options);
        else
                JOINED(out, m->destination, origin, m->attributes.read_only ? "read-only " : "writable ", source,
                       m->attributes.devices ? ", devices" : "", m->attributes.no_exec ? ", noexec" : "",
                       m->source.kind == SOURCE_ID_MAPPED ? ", idmapped" : "",
                       m->source.kind != SOURCE_NONE && plan_mount_is_directory(m) && !m->attributes.recursive ?
                               ", without the mounts below it" : "",
                       m->merge ? ", with entries added in memory" : "");
}

static void show_file(Output *out, const PlanMount *m, const Origin *origin) {
        size_t n = strlen(m->text), last = n;

        if (!m->source.path) {
                output_entry(out, m->destination, origin, "read-only file, %s",
                             m->key && (streq(m->key, "ConnectTo") || streq(m->key, "GrantPeers")) ?
                                     "for the names of peers" : "text from the policy");
                return;
        }
        while (last > 0 && (last == n || m->text[last - 1] != '\n'))
                last--;
        output_entry(out, m->destination, origin, "read-only file, a copy of %s and the line %.*s", m->source.path,
                     (int) (n - last - 1), m->text + last);
}

static void show_mount(Output *out, const PlanMount *m) {
        const char *access = m->attributes.read_only ? "read-only" : "writable";
        const Origin *origin = m->asker == ASKED_BY_NOBODY && !m->origin.file ? NULL : &m->origin;

        switch (m->kind) {
        case MOUNT_ROOT:
        case MOUNT_BIND:
        case MOUNT_OVERLAY:
                show_source(out, m, origin);
                break;
        case MOUNT_MERGE:
                output_entry(out, m->destination, origin, "read-only, in memory, the entries of %s and more",
                             m->source.path);
                break;
        case MOUNT_TMPFS:
                JOINED(out, m->destination, origin, m->attributes.read_only ? "empty, " : "", access, ", in memory (",
                       m->options, ")", m->attributes.no_exec ? ", noexec" : "", describe_condition(m));
                break;
        case MOUNT_GRANT:
                output_entry(out, m->destination, origin, "empty, for isoctl grant, %s",
                             m->grant_write ? "writable (Landlock allows writes to the parent directory too: only a "
                                              "read-only mount protects the parent)"
                                            : "read-only");
                break;
        case MOUNT_PROC:
                output_entry(out, m->destination, origin, "%s, new proc%s%s", access, *m->options ? ", " : "",
                             m->options);
                break;
        case MOUNT_DEVPTS:
                output_entry(out, m->destination, origin, "new devpts (%s)", m->options);
                break;
        case MOUNT_CGROUP:
                output_entry(out, m->destination, origin, "writable, the instance's cgroup");
                break;
        case MOUNT_NOTIFY:
                output_entry(out, m->destination, NULL, "read-only, in memory, with the socket %s, relayed to %s",
                             PLAN_NOTIFY_NAME, m->relayed_to);
                break;
        case MOUNT_DIRECTORY:
                output_entry(out, m->destination, origin, "created, mode %04o", m->mode);
                break;
        case MOUNT_SYMLINK:
                JOINED(out, m->destination, origin, "symlink to ", m->target);
                break;
        case MOUNT_FILE:
                show_file(out, m, origin);
                break;
        case MOUNT_COPY:
                output_entry(out, m->destination, origin, "read-only file, a copy of %s", m->source.path);
                break;
        case MOUNT_BLOCKED:
                JOINED(out, m->destination, origin, "inaccessible", describe_condition(m));
                break;
        }
}

void show_root(Output *out) {
        output_section(out, "root");
        for (size_t i = 0; i < out->plan->n_mounts; i++)
                show_mount(out, &out->plan->mounts[i]);
}
