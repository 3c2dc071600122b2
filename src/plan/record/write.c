/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/record/write.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "plan/record/calls.h"
#include "plan/record/setting.h"
#include "plan/record/writer.h"
#include "policy/value/names.h"
#include "util/escape.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

/* Returns false, with a comment, if a policy cannot say that. */
static bool begin_place(const Writer *w, const char *path, const char *target, unsigned uses,
                        const RecordCount *count) {
        writer_uses(w, uses, count);
        if (setting_can_have_path(path) && (!target || setting_can_have_path(target)))
                return true;
        fputs("# isorun cannot write a line for this path: ", w->f);
        escape_write(w->f, path);
        fputc('\n', w->f);
        return false;
}

/* Mounts of the policy that lie below a place that is shown whole stay, because they may hide what is there. */
static bool is_below_place(const Writer *w, const char *path) {
        for (size_t i = 0; i < w->places->n; i++)
                if (w->places->items[i].kind == FOLD_SHOWN && path_is_below(path, w->places->items[i].path))
                        return true;
        return false;
}

static bool is_mount_kept(const Writer *w, const Setting *s) {
        const char *destination = s->value.words[1] ?: s->value.words[0];
        const PlanMount *m = plan_find_mount(w->plan, destination);
        const size_t i = m ? (size_t) (m - w->plan->mounts) : 0;

        if (!m || located_setting(w->plan, m) != s)
                return !s->value.optional; /* it is behind a symlink, or another line has its place */
        return w->located->used[i] || is_below_place(w, m->destination);
}

static void take_over_mounts(const Writer *w, DirectiveId id) {
        for (size_t i = 0; i < writer_settings(w, id)->n; i++) {
                const Setting *s = &writer_settings(w, id)->items[i];

                if (writer_is_given(s) && is_mount_kept(w, s))
                        setting_write(w->f, id, s, false);
        }
}

static void write_places(const Writer *w, DirectiveId id) {
        take_over_mounts(w, id);
        for (size_t i = 0; id != D_Volume && i < w->places->n; i++) {
                const FoldPlace *p = &w->places->items[i];
                _cleanup_free_ char *source = NULL;

                if (p->kind != FOLD_SHOWN || p->writable != (id == D_BindPaths) || writer_has_file(w, p->path) ||
                    !begin_place(w, p->path, NULL, p->uses, &p->count))
                        continue;
                fprintf(w->f, "%s=", directive_table[id].name);
                if (!streq(p->base->source, p->base->destination)) {
                        const char *to = p->base->destination, *rest = p->path + (streq(to, "/") ? 0 : strlen(to));

                        source = format("%s%s", streq(p->base->source, "/") ? "" : p->base->source, rest);
                        setting_write_path(w->f, source ?: "");
                        fputc(':', w->f);
                }
                setting_write_path(w->f, p->path);
                fputc('\n', w->f);
        }
}

/* A mount in memory that every root like the host's has, and others do not. */
static bool is_memory(const Writer *w, const PlanMount *m) {
        static const char *const everywhere[] = { "/tmp", "/run", "/var/tmp", "/dev", "/proc", "/sys" };

        if (!w->host_root || m->kind != MOUNT_TMPFS || m->asker >= ASKED_BY_SERVICE ||
            !w->located->used[m - w->plan->mounts])
                return false;
        for (size_t i = 0; i < ELEMENTSOF(everywhere); i++)
                if (path_is_at_or_below(m->destination, everywhere[i]))
                        return false;
        return true;
}

/* Every root has these, in memory. */
static bool has_memory(const char *path) {
        return streq(path, "/tmp") || streq(path, "/run") || streq(path, "/var/tmp");
}

/* Whether the run wrote in an overlay, to a directory that is not shown whole. */
static bool is_thrown_away(const FoldPlace *p) {
        return p->kind == FOLD_REFUSED && p->uses & USED_WRITE && p->base && p->base->overlay && !has_memory(p->path);
}

static bool is_in_memory_already(const Writer *w, const char *path) {
        if (has_memory(path))
                return true;
        for (size_t i = 0; i < w->places->n; i++)
                if (is_thrown_away(&w->places->items[i]) && streq(w->places->items[i].path, path))
                        return true;
        return false;
}

static void write_memory(const Writer *w) {
        writer_take_over(w, D_TemporaryFileSystem);
        for (size_t i = 0; i < w->places->n; i++) {
                const FoldPlace *p = &w->places->items[i];

                if (!is_thrown_away(p) || !setting_can_have_path(p->path))
                        continue;
                fputs("# written, and lost at the end, as in the run (BindPaths= keeps it)\n", w->f);
                fputs("TemporaryFileSystem=", w->f);
                setting_write_path(w->f, p->path);
                fputs(":mode=1777\n", w->f);
        }
        for (size_t i = 0; i < w->plan->n_mounts; i++) {
                const PlanMount *m = &w->plan->mounts[i];

                if (!is_memory(w, m) || m->attributes.read_only || !setting_can_have_path(m->destination))
                        continue;
                fputs("TemporaryFileSystem=", w->f);
                setting_write_path(w->f, m->destination);
                fprintf(w->f, ":%s\n", m->options);
        }
}

/* What is made in such a memory. */
static bool is_in_memory(const Writer *w, const PlanMount *m) {
        const PlanMount *of = plan_mount_of(w->plan, m->destination);

        return m->asker < ASKED_BY_SERVICE && of->kind == MOUNT_TMPFS && !of->attributes.read_only && is_memory(w, of);
}

static void write_directory(const Writer *w, const char *path) {
        fputs("Directory=", w->f);
        setting_write_path(w->f, path);
        fputc('\n', w->f);
}

static void write_directories(const Writer *w) {
        writer_take_over(w, D_Directory);
        for (size_t i = 0; i < w->plan->n_mounts; i++) {
                const PlanMount *m = &w->plan->mounts[i];

                if ((m->kind == MOUNT_TMPFS && m->attributes.read_only && is_memory(w, m)) ||
                    (m->kind == MOUNT_DIRECTORY && is_in_memory(w, m)))
                        write_directory(w, m->destination);
        }
        for (size_t i = 0; i < w->places->n; i++) {
                const FoldPlace *p = &w->places->items[i];

                if (p->kind == FOLD_MADE && !is_in_memory_already(w, p->path) &&
                    begin_place(w, p->path, NULL, p->uses, &p->count))
                        write_directory(w, p->path);
        }
}

static void write_symlink(const Writer *w, const char *path, const char *target) {
        fputs("Symlink=", w->f);
        setting_write_path(w->f, path);
        fputc(':', w->f);
        setting_write_path(w->f, target);
        fputc('\n', w->f);
}

static void write_symlinks(const Writer *w) {
        writer_take_over(w, D_Symlink);
        for (size_t i = 0; i < w->plan->n_mounts; i++)
                if (w->plan->mounts[i].kind == MOUNT_SYMLINK && is_in_memory(w, &w->plan->mounts[i]))
                        write_symlink(w, w->plan->mounts[i].destination, w->plan->mounts[i].target);
        for (size_t i = 0; i < w->places->n; i++) {
                const FoldPlace *p = &w->places->items[i];

                if (p->kind == FOLD_LINK && !writer_has_file(w, p->path) &&
                    begin_place(w, p->path, p->target, p->uses, &p->count))
                        write_symlink(w, p->path, p->target);
        }
}

static void write_refused(const Writer *w) {
        for (size_t i = 0; i < w->places->n; i++) {
                const FoldPlace *p = &w->places->items[i];

                if (p->kind != FOLD_REFUSED || (p->base && p->base->overlay && p->uses & USED_WRITE))
                        continue;
                fputs("# All of ", w->f);
                escape_write(w->f, p->path);
                fprintf(w->f, " was %s, which may show secrets or too much: add it yourself if the program needs "
                              "that\n", p->uses & USED_WRITE ? "writable" : "listed");
        }
}

static int write_calls(const Writer *w) {
        CallsLines lines;
        int r = record_make_calls(w->plan, w->record, &lines);

        if (r < 0)
                return r;
        for (size_t i = 0; i < lines.n; i++) {
                const CallsLine *l = &lines.items[i];

                fputs("# ", w->f);
                if (l->reason)
                        fputs(l->reason, w->f);
                else {
                        fprintf(w->f, "%s%s", l->calls ?: "", l->calls ? ": " : "");
                        writer_count(w, &l->count);
                }
                fprintf(w->f, "\nSystemCallFilter=%s\n", l->word);
        }
        calls_lines_deinit(&lines);
        return 0;
}

/* An ambient capability is in the bounding set, too. */
static void write_capabilities(const Writer *w, DirectiveId id) {
        const uint64_t all = id == D_AmbientCapabilities ? w->plan->ambient : w->plan->bounding & ~w->plan->ambient;
        char name[CAPABILITY_NAME_MAX];
        bool any = false;

        for (const NamedNumber *c = capability_names; c->name; c++) {
                const RecordPrivilege *p = record_privileged(w->record, (unsigned) c->number);

                if (!p || !(all & UINT64_C(1) << c->number))
                        continue;
                fputs(p->certain ? "# needed, or another one that the same call checks: " : "# perhaps needed: ", w->f);
                writer_count(w, &p->count);
                fputc('\n', w->f);
                capability_write(c, name);
                fprintf(w->f, "%s=%s\n", directive_table[id].name, name);
                any = true;
        }
        /* With a range of ids of its own, no line means all. */
        if (!any && id == D_CapabilityBoundingSet &&
            policy_choice(w->plan->source, D_PrivateUsers) == PRIVATE_USERS_FULL)
                fputs("# none was used\nCapabilityBoundingSet=CAP_CHOWN\nCapabilityBoundingSet=~CAP_CHOWN\n", w->f);
}

/* Twice the peak, but not more than the run's policy has. */
static void write_limit(const Writer *w, DirectiveId id, uint64_t peak, uint64_t least, uint64_t unit,
                        const char *suffix) {
        const Setting *given = policy_get(w->plan->source, id);
        const uint64_t all = id == D_MemoryMax ? (uint64_t) sysconf(_SC_PHYS_PAGES) * (uint64_t) sysconf(_SC_PAGESIZE)
                                               : UINT64_MAX / 10000;
        uint64_t limit = (2 * peak + unit - 1) / unit * unit, before = UINT64_MAX;

        if (given)
                before = given->value.relative ? all / 10000 * given->value.number : given->value.number;
        limit = limit < least ? least : limit;
        if (peak == 0 || limit >= before) {
                writer_take_over(w, id);
                return;
        }
        if (id == D_MemoryMax)
                fprintf(w->f, "# %" PRIu64 "M at most\n", (peak + unit - 1) / unit);
        else
                fprintf(w->f, "# %" PRIu64 " at most\n", peak);
        fprintf(w->f, "%s=%" PRIu64 "%s\n", directive_table[id].name, limit / unit, suffix);
}

/* Returns 0 or -ENOMEM. */
static int write_directive(const Writer *w, DirectiveId id) {
        enum { MEMORY_LEAST = 32 << 20, TASKS_LEAST = 16 };

        switch (id) {
        case D_Description:
        case D_Base:
                return 0;
        case D_MemoryMax:
                write_limit(w, id, w->peaks->memory, MEMORY_LEAST, 1 << 20, "M");
                return 0;
        case D_TasksMax:
                write_limit(w, id, w->peaks->tasks, TASKS_LEAST, 1, "");
                return 0;
        case D_RootDirectory:
                if (!w->host_root)
                        writer_take_over(w, id);
                else
                        fputs("# only what follows\nRootDirectory=none\n", w->f);
                return 0;
        case D_BindPaths:
        case D_BindReadOnlyPaths:
        case D_Volume:
                write_places(w, id);
                return 0;
        case D_TemporaryFileSystem:
                write_memory(w);
                return 0;
        case D_Directory:
                write_directories(w);
                return 0;
        case D_Symlink:
                write_symlinks(w);
                return 0;
        case D_CapabilityBoundingSet:
        case D_AmbientCapabilities:
                write_capabilities(w, id);
                return 0;
        case D_SystemCallFilter:
                return write_calls(w);
        case D_RestrictAddressFamilies:
                writer_families(w);
                return 0;
        case D_PrivateNetwork:
        case D_AbstractSockets:
                writer_network(w, id);
                return 0;
        case D_ConnectTo:
                writer_peers(w);
                return 0;
        default:
                writer_take_over(w, id);
                return 0;
        }
}

static void write_command(const Writer *w, const char *before) {
        fputs(before, w->f);
        for (char *const *word = w->plan->arguments; word && *word; word++) {
                fputc(' ', w->f);
                escape_write(w->f, *word);
        }
        fputc('\n', w->f);
}

/* A quota would only make the program slower, so the time is for the reader. */
static void write_times(const Writer *w) {
        fprintf(w->f, "# The last run took %.1f s, and %.1f s of processor time. No line limits the latter; CPUQuota= "
                      "would.\n",
                (double) w->peaks->usec / 1e6, (double) w->peaks->cpu_usec / 1e6);
        if (w->peaks->memory == 0)
                fputs("# Its memory could not be measured: it had no cgroup with the memory controller.\n", w->f);
}

static int write_all(const Writer *w) {
        int r = 0;

        write_command(w, "# isorun --record wrote this, for:");
        fputs("# It allows what the command used, and no more than the policy of the run. A comment says how often,\n"
              "# and by which program. isorun.policy(5) describes the directives.\n", w->f);
        write_times(w);
        writer_listened(w);
        if (record_lost(w->record) > 0)
                fprintf(w->f, "# %ju uses were too many to keep, and are not in this policy.\n",
                        (uintmax_t) record_lost(w->record));
        for (Section section = 0; r >= 0 && section < _SECTION_MAX; section++) {
                fprintf(w->f, "%s[%s]\n", section == 0 ? "" : "\n", section_names[section]);
                for (DirectiveId id = 0; r >= 0 && id < _DIRECTIVE_MAX; id++)
                        if (directive_table[id].section == section)
                                r = write_directive(w, id);
        }
        write_refused(w);
        return r;
}

static int write_located(Writer *w, char **ret) {
        _cleanup_text_ Text text = {};
        int r = text_open(&text);

        if (r < 0)
                return r;
        w->f = text.f;
        r = write_all(w);
        if (r < 0)
                return r;
        *ret = text_finish(&text);
        if (*ret && strlen(*ret) > RECORD_POLICY_MAX) {
                free(TAKE_PTR(*ret));
                return -E2BIG;
        }
        return *ret ? 0 : -ENOMEM;
}

/* Other mounts of the policy lie around those that are bases. */
static int list_others(const Plan *plan, char ***ret) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++)
                if (plan->mounts[i].asker == ASKED_BY_POLICY && plan->mounts[i].kind != MOUNT_BLOCKED)
                        r = strv_push(ret, plan->mounts[i].destination);
        return r;
}

int record_write(const Plan *plan, const Record *record, const RecordPeaks *peaks, RecordProgress *progress,
                 char **ret) {
        _cleanup_(located_deinit) Located located = {};
        _cleanup_(fold_places_deinit) FoldPlaces places = {};
        _cleanup_strv_free_ char **others = NULL;
        Writer w = { .plan = plan, .record = record, .peaks = peaks, .located = &located, .places = &places,
                     .host_root = plan_has_host_root(plan), .permissive = policy_is_permissive(plan->source) };
        int r = locate(plan, record, progress, &located);

        if (r >= 0)
                r = list_others(plan, &others);
        if (r >= 0)
                r = fold(located.entries, located.n, &(FoldRules) { located.homes, others }, &places);
        if (r >= 0 && w.permissive && !record_uses_abstract(record))
                r = writer_find_peers(record, &w.peers);
        if (r >= 0)
                r = write_located(&w, ret);
        record_peers_deinit(&w.peers);
        return r;
}
