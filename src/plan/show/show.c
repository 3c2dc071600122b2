/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/show.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <grp.h>
#include <linux/sched.h>

#include "plan/network/peers.h"
#include "plan/show/show-deny.h"
#include "plan/show/show-root.h"
#include "policy/stage.h"
#include "policy/value/names.h"
#include "util/parse.h"
#include "util/path.h"
#include "util/text.h"

/* What decides where the policy of the administrator, that of the program and the sandbox around differ. */
static void show_decisions(Output *out) {
        if (!out->policy->program_files && !out->policy->is_in_sandbox)
                return;
        output_section(out, "decisions");
        for (char *const *file = out->policy->program_files; file && *file; file++)
                output_entry(out, "narrowed by", NULL, "%s, the program's own policy", *file);
        if (out->policy->is_in_sandbox)
                output_entry(out, "narrowed by", NULL,
                             "the sandbox around isorun; nobody can read which system calls its filter denies");
        for (const Decision *d = out->policy->decisions; d < out->policy->decisions + out->policy->n_decisions; d++) {
                _cleanup_free_ char *key = format("%s%s%s", d->directive, *d->key ? " " : "", d->key);

                if (key)
                        out->printer->decision(out->userdata, d, key, d->value ?: "denied");
                else
                        out->oom = true;
        }
}

static void show_instance(Output *out) {
        const Plan *plan = out->plan;

        output_section(out, "instance");
        output_entry(out, "name", NULL, "%s", plan->name);
        output_entry(out, "policy", NULL, "%s", plan->policy);
        if (*plan->description)
                output_entry(out, "description", output_origin_of(out, D_Description), "%s", plan->description);
        switch (plan->holder) {
        case HOLDER_SCOPE:
                output_entry(out, "held by", NULL, "%s, a transient scope of the %s service manager", plan->unit,
                             plan->user_manager ? "user's" : "system's");
                break;
        case HOLDER_SERVICE:
                output_entry(out, "held by", NULL, "%s, the unit whose main process is isorun", plan->unit);
                break;
        case HOLDER_CGROUP:
                output_entry(out, "held by", NULL, "a separate cgroup below %s, because isorun cannot reach systemd",
                             plan->cgroup);
                break;
        case HOLDER_POOL:
                if (plan->pool_base)
                        output_entry(out, "held by", output_origin_of(out, D_Pool), "a cgroup in %s, a pool%s%s",
                                     plan->cgroup, streq(path_name(plan->cgroup), plan->pool) ? "" : " in ",
                                     streq(path_name(plan->cgroup), plan->pool) ? "" : plan->pool);
                else
                        output_entry(out, "held by", output_origin_of(out, D_Pool), "a cgroup in %s, the pool",
                                     plan->pool);
                break;
        case HOLDER_NONE:
                output_entry(out, "held by", NULL, "nothing: the instance has no unit and no separate cgroup");
                break;
        }
        if (plan->machine)
                output_entry(out, "machine", output_origin_of(out, D_Register),
                             "%s, registered with systemd-machined%s", plan->name,
                             plan->machine_optional ? " (optional)" : "");
        if (plan->notify_exec)
                output_entry(out, "ready", NULL, "as soon as the command runs");
        if (plan->notify_fork)
                output_entry(out, "ready", NULL, "as soon as the command has gone into the background");
        if (plan->hand_over)
                output_entry(out, "handed over", NULL,
                             "as soon as the command runs: the first process inside then becomes the main process of "
                             "%s", plan->unit);
        if (plan->inner_cgroup)
                output_entry(out, "cgroup inside", NULL,
                             "the payload sees only cgroups below the cgroup that has the limits%s",
                             plan->delegate ? ", and a copy of the limits there" : "");
}

/* MemoryMax= limits memory alone, which surprises many. */
static void show_swap(Output *out) {
        const Setting *memory = policy_get(out->policy, D_MemoryMax);

        if (memory && memory->value.number != UINT64_MAX && !policy_get(out->policy, D_MemorySwapMax))
                output_entry(out, "MemorySwapMax", NULL,
                             "none: the payload may use all swap, in addition to MemoryMax=");
}

static void show_scope(Output *out) {
        output_section(out, "scope");
        for (size_t i = 0; i < out->plan->n_properties; i++) {
                const PlanProperty *p = &out->plan->properties[i];

                for (size_t k = 0; k < p->settings->n; k++)
                        JOINED(out, p->directive->name, &p->settings->items[k].origin,
                               p->settings->items[k].value.text, p->optional ? " (optional)" : "");
        }
        show_swap(out);
}

static void show_namespaces(Output *out, const char *key, uint64_t flags) {
        output_begin(out);
        for (const NamedNumber *n = namespace_types; n->name; n++)
                if (flags & (uint64_t) n->number)
                        output_add_word(out, n->name);
        output_end_words(out, key, NULL);
}

static void show_capabilities(Output *out, const char *key, uint64_t mask, DirectiveId id) {
        output_begin(out);
        for (unsigned c = 0; c < 64; c++) {
                char name[CAPABILITY_NAME_MAX];

                if (mask & UINT64_C(1) << c)
                        output_add_word(out, capability_name(c, name));
        }
        output_end_words(out, key, output_origin_of(out, id));
}

static void show_map(Output *out, const char *key, const IdMap *map) {
        _cleanup_free_ char *line = id_map_format(map, ",");

        if (line)
                output_entry(out, key, output_origin_of(out, D_PrivateUsers), "%s", line);
        else
                out->oom = true;
}

static void show_kept_groups(Output *out) {
        _cleanup_text_ Text text = {};
        _cleanup_free_ char *names = NULL;

        if (text_open(&text) < 0) {
                out->oom = true;
                return;
        }
        for (size_t i = 0; i < out->plan->n_kept_groups; i++) {
                const struct group *group = getgrgid(out->plan->kept_groups[i]);

                if (group)
                        fprintf(text.f, "%s%s", i ? " " : "", group->gr_name);
                else
                        fprintf(text.f, "%s%u", i ? " " : "", out->plan->kept_groups[i]);
        }
        names = text_finish(&text);
        if (names)
                output_entry(out, "kept groups", NULL,
                             "%s, of the caller: only root or PrivateUsers=full can drop them", names);
        else
                out->oom = true;
}

static void show_identity(Output *out) {
        const Plan *plan = out->plan;

        output_section(out, "identity");
        show_namespaces(out, "namespaces", plan->namespaces | CLONE_NEWCGROUP);
        if (plan->inner_namespaces)
                show_namespaces(out, "inner namespaces", plan->inner_namespaces);
        if (plan->uid_map.n) {
                show_map(out, "uid map", &plan->uid_map);
                show_map(out, "gid map", &plan->gid_map);
        } else
                output_entry(out, "uid map", output_origin_of(out, D_PrivateUsers), "none: the host's user namespace");
        if (plan->inner_uid_map.n) {
                show_map(out, "inner uid map", &plan->inner_uid_map);
                show_map(out, "inner gid map", &plan->inner_gid_map);
        }
        if (plan->uid_helper)
                output_entry(out, "maps written by", NULL, "%s, %s", plan->uid_helper, plan->gid_helper);
        output_entry(out, "user", output_origin_of(out, D_User), "%u", plan->uid);
        output_entry(out, "group", output_origin_of(out, D_Group), "%u", plan->gid);
        if (plan->n_kept_groups)
                show_kept_groups(out);
        show_capabilities(out, "bounding", plan->bounding, D_CapabilityBoundingSet);
        show_capabilities(out, "ambient", plan->ambient, D_AmbientCapabilities);
        output_entry(out, "no_new_privs", NULL, "yes");
}

static void show_peers(Output *out) {
        const Plan *plan = out->plan;

        if (!plan_has_names(plan))
                return;
        output_section(out, "peers");
        for (const PlanPeer *p = plan->peers; p < plan->peers + plan->n_peers; p++) {
                _cleanup_free_ char *key = plan_peer_name(p);
                char address[INET6_ADDRSTRLEN];

                if (p->is_pattern)
                        (void) snprintf(address, sizeof(address), "an address for each name");
                else
                        (void) inet_ntop(p->ipv6 ? AF_INET6 : AF_INET, p->address, address, sizeof(address));
                if (!key)
                        out->oom = true;
                else if (p->is_socket)
                        output_entry(out, key, &p->origin, "TCP, at %s, leads to the socket %s", address, p->target);
                else
                        output_entry(out, key, &p->origin, "%s, at %s, leads to port %u of %s%s",
                                     p->is_datagram ? "UDP" : "TCP", address, p->target_port,
                                     peer_follows_name(p) ? "it" : p->target,
                                     p->may_be_private ? ", also in a private network" : "");
        }
        if (plan->grant_peers)
                output_entry(out, "others", output_origin_of(out, D_GrantPeers), "isoctl grant can add them");
        output_entry(out, "connections", &policy_get(plan->source, D_FlowsMax)->origin,
                     "at most %" PRIu64 " at a time%s", plan->flows_max,
                     plan->log_flows ? ", each recorded in the journal" : "");
}

static void show_entrances(Output *out) {
        const Plan *plan = out->plan;

        if (plan->n_entrances == 0)
                return;
        output_section(out, "entrances");
        for (const PlanEntrance *e = plan->entrances; e < plan->entrances + plan->n_entrances; e++) {
                _cleanup_free_ char *key = plan_entrance_name(e);

                if (!key)
                        out->oom = true;
                else
                        output_entry(out, key, &e->origin, "leads to port %u inside%s%s", e->inside,
                                     e->proxy ? ", with the client's address (PROXY protocol)" : "",
                                     e->passed_fd ? "; the socket was passed to isorun" : "");
        }
}

static void show_standard_io(Output *out) {
        static const DirectiveId ids[3] = { D_StandardInput, D_StandardOutput, D_StandardError };

        for (size_t i = 0; i < 3; i++)
                output_entry(out, directive_table[ids[i]].name, output_origin_of(out, ids[i]), "%s",
                             policy_get(out->policy, ids[i])->value.text);
}

static void show_terminal(Output *out) {
        const unsigned mask = out->plan->terminals;

        if (mask)
                output_entry(out, "Terminal", output_origin_of(out, D_Terminal), "private, as%s%s%s",
                             mask & 1U << 0 ? " fd 0" : "", mask & 1U << 1 ? " fd 1" : "",
                             mask & 1U << 2 ? " fd 2" : "");
        else if (out->plan->own_session)
                output_entry(out, "Terminal", output_origin_of(out, D_Terminal),
                             "private, but none of fds 0 to 2 is a terminal");
        else
                output_entry(out, "Terminal", output_origin_of(out, D_Terminal), "shared");
}

static void show_limits(Output *out) {
        const Plan *plan = out->plan;

        for (size_t i = 0; i < plan->n_limits; i++) {
                const PlanResourceLimit *l = &plan->limits[i];

                if (directive_id(l->directive) == D_LimitCORE && l->limit.rlim_max == 1)
                        output_entry(out, l->directive->name, output_origin_of(out, D_LimitCORE),
                                     "1: the kernel makes no core dump");
                else if (l->origin.file)
                        output_entry(out, l->directive->name, &l->origin, "%s",
                                     policy_get(out->policy, directive_id(l->directive))->value.text);
                else
                        output_entry(out, l->directive->name, NULL, "%ju, %s", (uintmax_t) l->limit.rlim_cur,
                                     l->of_unlimited ? "as the caller has no limit" : "a part of the caller's");
        }
        output_entry(out, "session keyring", NULL, "%s",
                     plan->keyring ? "an empty one" : "the caller's, which the payload cannot use");
        for (size_t i = 0; i < plan->n_user_limits; i++)
                output_entry(out, plan->user_limits[i].name, NULL, "%ju, a part of the caller's",
                             (uintmax_t) plan->user_limits[i].value);
}

/* The line of Environment= that gives a variable this value. Most variables have the order of their lines, so the
 * search begins behind the last one that was found. */
static const Origin *origin_of_variable(const Output *out, const char *variable, size_t *next) {
        const SettingList *set = &out->policy->settings[D_Environment];

        for (size_t k = 0; k < set->n; k++) {
                const size_t i = (*next + k) % set->n;

                if (streq(set->items[i].value.text, variable)) {
                        *next = i + 1;
                        return &set->items[i].origin;
                }
        }
        return NULL;
}

static void show_command(Output *out) {
        const Plan *plan = out->plan;
        const Origin *line = plan->command_origin.file ? &plan->command_origin : NULL;
        size_t next = 0;

        output_section(out, "command");
        if (plan->executable)
                output_entry(out, "executable", line, "%s", plan->executable);
        for (char **a = plan->arguments; a && *a; a++)
                output_entry(out, "argument", line, "%s", *a);
        output_entry(out, "directory", output_origin_of(out, D_WorkingDirectory), "%s", plan->working_directory);
        for (char **e = plan->environment; e && *e; e++)
                JOINED(out, "environment", origin_of_variable(out, *e, &next), *e);
        show_standard_io(out);
        show_terminal(out);
        show_limits(out);
        if (plan->set_umask)
                output_entry(out, "UMask", output_origin_of(out, D_UMask), "%04o", plan->umask);
        if (plan->set_nice)
                output_entry(out, "Nice", &plan->nice_origin, "%d", plan->nice);
        if (plan->n_passed_fds)
                output_entry(out, "passed fds", NULL, "3 to %zu", plan->n_passed_fds + 2);
}

int plan_print_root(const Plan *plan, const Policy *policy, const PlanPrinter *printer, void *userdata) {
        Output out = { .plan = plan, .policy = policy, .printer = printer, .userdata = userdata };

        show_root(&out);
        return output_finish(&out);
}

static void show_stage_lines(Output *out, const PolicyStage *stage, const char *directive, const SettingList *list) {
        for (size_t i = 0; i < list->n; i++) {
                const Value *v = &list->items[i].value;

                if (v->whole && streq(directive, "RestrictNamespaces")) /* a boolean, which has no text */
                        output_entry(out, stage->name, &list->items[i].origin, "%s=%s", directive,
                                     v->inverted ? "no" : "yes");
                else
                        output_entry(out, stage->name, &list->items[i].origin, "%s=%s%s", directive,
                                     v->inverted ? "~" : "", v->text);
        }
}

static void show_stages(Output *out) {
        const Policy *policy = out->policy;

        if (policy->n_stages > 0)
                output_section(out, "stages");
        for (const PolicyStage *stage = policy->stages; stage < policy->stages + policy->n_stages; stage++) {
                for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                        show_stage_lines(out, stage, directive_table[id].name, &stage->settings[id]);
                show_stage_lines(out, stage, "ReadWritePaths", &stage->writable);
                if (stage_has(stage, D_ConnectTo) && stage->settings[D_ConnectTo].n == 0)
                        output_entry(out, stage->name, &stage->given[D_ConnectTo], "ConnectTo=");
        }
}

int plan_print(const Plan *plan, const Policy *policy, const PlanPrinter *printer, void *userdata) {
        Output out = { .plan = plan, .policy = policy, .printer = printer, .userdata = userdata };

        show_instance(&out);
        show_scope(&out);
        show_identity(&out);
        show_peers(&out);
        show_entrances(&out);
        show_root(&out);
        show_filter(&out);
        show_landlock(&out);
        show_command(&out);
        show_stages(&out);
        show_decisions(&out);
        return output_finish(&out);
}

int plan_print_decisions(const Plan *plan, const Policy *policy, const PlanPrinter *printer, void *userdata) {
        Output out = { .plan = plan, .policy = policy, .printer = printer, .userdata = userdata };

        show_decisions(&out);
        return output_finish(&out);
}
