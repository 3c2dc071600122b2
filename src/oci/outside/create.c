/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "oci/hook/hook.h"
#include "oci/inside/init.h"
#include "oci/inside/label.h"
#include "oci/inside/root.h"
#include "oci/interrupts.h"
#include "oci/outside/bound-devices.h"
#include "oci/outside/cgroup.h"
#include "oci/outside/container.h"
#include "oci/outside/id-mapped.h"
#include "oci/outside/joined.h"
#include "oci/outside/net-devices.h"
#include "oci/outside/scope.h"
#include "oci/outside/spawn.h"
#include "oci/outside/steps.h"
#include "plan/plan.h"
#include "sandbox/who/id-maps.h"
#include "sandbox/wire/message.h"
#include "util/capability.h"
#include "util/fd.h"
#include "util/process.h"

static int listen_for_start(const State *state, Report *report) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        const struct sockaddr_un address = state_socket_address(state);

        if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, 1) < 0)
                return report_error(report, errno, "cannot make the socket of %s: %s", state->id, strerror(errno));
        return TAKE_FD(fd);
}

/* Without CAP_SETUID, a process may map only its own ids, and no more groups then: user_namespaces(7). newuidmap(1)
 * writes the other maps that /etc/subuid allows. */
static bool maps_only_itself(const Spec *spec) {
        return spec->uid_map.n == 1 && spec->gid_map.n == 1 && spec->uid_map.items[0].count == 1 &&
               spec->gid_map.items[0].count == 1 && spec->uid_map.items[0].outside == geteuid() &&
               spec->gid_map.items[0].outside == getegid();
}

static bool may_map(void) {
        CapabilitySets sets;

        return capability_get(&sets) >= 0 && sets.effective & (UINT64_C(1) << CAP_SETUID);
}

static int write_maps(const Spec *spec, pid_t pid, bool denied, Report *report) {
        Plan plan = { .uid_map = spec->uid_map, .gid_map = spec->gid_map, .deny_setgroups = denied };
        _cleanup_close_ int proc = -1;
        Patience patience = interrupts_patience(report);

        if (!(spec->new_namespaces & CLONE_NEWUSER))
                return 0;
        proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (proc < 0)
                return report_error(report, errno, "cannot open /proc: %s", strerror(errno));
        if (!denied && !may_map()) {
                plan.uid_helper = (char *) "/usr/bin/newuidmap";
                plan.gid_helper = (char *) "/usr/bin/newgidmap";
        }
        return id_maps_write(&plan, proc, pid, &patience);
}

/* A container that is being made. */
typedef struct Creation {
        const Spec *spec;
        const CreateRequest *request;
        State *state;
        char *cgroup; /* its path, or NULL: none */
        int cgroup_fd;
        uint64_t cgroup_root; /* inode of the root of its tree */
        bool cgroup_claimed;
        int socket;   /* to the first process */
        int joined[SPEC_NAMESPACES]; /* fds, or -1: oci/outside/joined.h */
        int *sources; /* copies of sources, or NULL: root_copy_sources() */
        int *mapped;  /* idmapped mounts, or NULL */
        NetDevices *devices; /* or NULL */
        Console console;
        pid_t pid;
        Report *report;
} Creation;

static void creation_deinit(Creation *c) {
        free(c->cgroup);
        mount_fds_free(c->spec, c->sources);
        mount_fds_free(c->spec, c->mapped);
        net_devices_free(c->devices);
        fd_close(c->cgroup_fd);
        fd_close(c->socket);
        fds_close(c->joined, ELEMENTSOF(c->joined));
        fd_close(c->console.socket);
}

static int describe(const Creation *c) {
        const Spec *spec = c->spec;
        State *state = c->state;
        const uint64_t inode = container_cgroup_inode(c->cgroup_fd);
        char second[32], created[48];
        struct timespec now;
        struct tm utc;
        int r;

        clock_gettime(CLOCK_REALTIME, &now);
        strftime(second, sizeof(second), "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
        snprintf(created, sizeof(created), "%s.%09ldZ", second, now.tv_nsec);
        state->pid = c->pid;
        r = process_started(c->pid, &state->started);
        if (r < 0)
                return report_error(c->report, -r, "cannot read /proc: %s", strerror(-r));
        if (c->cgroup_claimed)
                container_cgroup_claim(c->cgroup_fd, c->pid, state->started);
        state->json = json_pack("{ss ss ss ss ss sO* ss* sb}", "ociVersion", spec->version, "id", state->id, "bundle",
                                spec->bundle, "rootfs", spec->root, "created", created, "annotations",
                                spec->annotations, "cgroup", c->cgroup, "systemd", c->request->systemd);
        if (state->json && c->cgroup &&
            (json_object_set_new(state->json, "cgroupInode", json_integer((json_int_t) inode)) < 0 ||
             json_object_set_new(state->json, "cgroupRoot", json_integer((json_int_t) c->cgroup_root)) < 0 ||
             json_object_set_new(state->json, "cgroupClaimed", json_boolean(c->cgroup_claimed)) < 0))
                return report_oom(c->report);
        return state->json ? state_write(state, c->report) : report_oom(c->report);
}

/* With a cgroup, all that there will be is in it. */
static int describe_half(Creation *c) {
        State half = *c->state;
        int r = 0;

        half.pid = c->cgroup ? (c->cgroup_claimed ? getpid() : 0) : c->pid;
        half.cgroup = c->cgroup;
        half.cgroup_inode = container_cgroup_inode(c->cgroup_fd);
        half.cgroup_root = c->cgroup_root = c->cgroup ? container_cgroup_root() : 0;
        half.cgroup_claimed = c->cgroup_claimed;
        if (half.pid > 0)
                r = process_started(half.pid, &half.started);
        if (r < 0)
                return report_error(c->report, -r, "cannot read /proc: %s", strerror(-r));
        if (c->cgroup_claimed)
                container_cgroup_claim(c->cgroup_fd, half.pid, half.started);
        return state_write_half(&half, c->report);
}

static int run_hooks(const Creation *c, SpecHookKind kind) {
        char error[HOOK_ERROR_MAX];
        /* The environment of the container exists: runtime.md, "State" and "Lifecycle" (steps 2 and 3). runc says
         * "creating". */
        int r = hooks_run(c->spec, kind, &(HookState) { c->state->id, "created", c->pid, NULL }, error);

        return r < 0 ? report_error(c->report, -r, "error running %s hook %s", spec_hook_names[kind], error) : 0;
}

/* Waits until the first process is ready. On the way, runs the hooks that it waits for. */
static int hear(const Creation *c) {
        const Message m = { .type = MESSAGE_CONTINUE };
        const StepsMapper mapper = { c->spec, c->joined[SPEC_USER] };
        int r = steps_hear(c->socket, &c->console, &mapper, c->report);

        if (r <= 0)
                return r;
        r = run_hooks(c, SPEC_PRESTART);
        if (r >= 0)
                r = run_hooks(c, SPEC_CREATE_RUNTIME);
        if (r < 0)
                return r;
        r = message_send(c->socket, &m, NULL, 0);
        if (r < 0)
                return report_error(c->report, -r, "the first process ended unexpectedly");
        return steps_hear(c->socket, &c->console, &mapper, c->report);
}

/* With the container's cgroup, if the first process cannot reach the host's tree. Without one, it mounts none. */
static int send_mapped(const Creation *c) {
        const Message m = { .type = MESSAGE_MAPPED };
        _cleanup_close_ int cgroup = -1;
        int r = c->cgroup_fd >= 0 && root_needs_cgroup(c->spec) ? cgroup = root_copy_cgroup(c->cgroup_fd) : 0;

        if (r < 0)
                return report_error(c->report, -r, "cannot copy the mount of the cgroup: %s", strerror(-r));
        r = message_send(c->socket, &m, &cgroup, cgroup >= 0);
        return r < 0 ? report_error(c->report, -r, "the first process ended unexpectedly") : 0;
}

/* denied: the first process may have no groups. */
static int set_up(Creation *c, bool denied) {
        int r = c->cgroup ? 0 : describe_half(c);

        if (r >= 0)
                r = write_maps(c->spec, c->pid, denied, c->report);
        if (r >= 0 && c->request->systemd)
                r = container_scope_make(c->spec, c->request->id, c->pid, &c->cgroup, &c->cgroup_fd,
                                         c->report);
        if (r >= 0 && c->request->systemd)
                r = describe_half(c);
        if (r >= 0)
                r = net_devices_move(c->spec, c->pid, &c->devices, c->report);
        if (r >= 0)
                r = send_mapped(c);
        if (r >= 0)
                r = hear(c);
        if (r >= 0)
                report_own_step(c->report, "the root is made");
        if (r >= 0)
                r = steps_set_limits(&c->spec->process, c->pid, c->report);
        if (r >= 0)
                r = state_write_config(c->state, c->spec->text, c->report);
        if (r >= 0)
                r = describe(c);
        if (r >= 0 && c->request->pidfd_socket)
                r = steps_send_pidfd(c->request->pidfd_socket, "standard", c->pid, c->report);
        if (r >= 0 && c->request->pid_file)
                r = steps_write_pid(c->request->pid_file, c->pid, c->report);
        return r < 0 ? r : steps_send(c->socket, MESSAGE_GO, c->report);
}

/* What the first process finds ready. */
static int prepare(Creation *c, Init *init) {
        const Spec *spec = c->spec;
        int r = steps_connect_console(&spec->process, &c->request->console, &c->console, c->report);

        if (r < 0)
                return r;
        if (spec->new_namespaces & CLONE_NEWUSER)
                init->sources = c->sources = root_copy_sources(spec);
        r = mapped_make(spec, c->joined[SPEC_USER], &c->mapped, c->report);
        init->mapped = spec->joined[SPEC_USER] ? NULL : c->mapped; /* staged.h puts these into the tmpfs */
        init->groups_denied = spec->new_namespaces & CLONE_NEWUSER && !may_map() && maps_only_itself(spec);
        return r;
}

static int make_process(Creation *c) {
        const bool waits = !c->request->connection;
        _cleanup_close_ int start = waits ? listen_for_start(c->state, c->report) : -1;
        Init init = { .spec = c->spec, .process = &c->spec->process, .id = c->request->id, .start = start,
                      .preserved = c->request->preserved, .keyring = c->request->keyring,
                      .notifies = c->request->notifies, .notify = -1,
                      .no_pivot = c->request->no_pivot && !c->spec->joined[SPEC_USER], /* a tmpfs can be left */
                      .signal_mask = c->request->signal_mask, .ignored = process_ignored_signals() };
        int fds[2], r;

        r = waits && start < 0 ? start : prepare(c, &init);
        if (r < 0)
                return r;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return report_error(c->report, errno, "cannot make a socket pair: %s", strerror(errno));
        c->pid = spawn_in_namespaces(&init, c->joined, c->mapped, c->cgroup_fd, c->report);
        if (c->pid == 0) {
                close(fds[0]);
                init.socket = fds[1];
                init_main(&init);
        }
        fd_close(fds[1]);
        c->socket = fds[0];
        c->sources = mount_fds_free(c->spec, c->sources);
        if (c->pid < 0)
                return c->pid;
        report_own_step(c->report, "the first process is there");
        r = set_up(c, init.groups_denied);
        if (r < 0) {
                net_devices_return(c->devices, c->report);
                interrupts_kill(c->pid);
        } else if (!waits)
                *c->request->connection = TAKE_FD(c->socket);
        return r;
}

/* Whether only device rules keep the container from the host's devices. */
static bool needs_device_rules(const Spec *spec) {
        return spec->device_rules && process_is_host_root() && !spec_has_user_namespace(spec) &&
               (spec->process.bounding & UINT64_C(1) << CAP_MKNOD || spec_has_own_devices(spec));
}

/* For --cgroup-manager disabled. What needs a cgroup is an error. The device rules that engines always give are only a
 * notice where they protect nothing. */
static int check_disabled(const Creation *c) {
        const Spec *spec = c->spec;

        if (spec->n_cgroup_files > 0)
                return report_error(c->report, EINVAL, "%s: %s: a limit needs a cgroup, which --cgroup-manager "
                                    "disabled does not make", spec->file, spec->cgroup_files[0].pointer);
        if (needs_device_rules(spec))
                return report_error(c->report, EINVAL, "%s: /linux/resources/devices needs a cgroup, which "
                                    "--cgroup-manager disabled does not make: the container could use devices of the "
                                    "host (drop CAP_MKNOD and /linux/devices)", spec->file);
        if (spec->device_rules)
                report_notice(c->report, "--cgroup-manager disabled: /linux/resources/devices is not enforced");
        if (spec->cgroup_path)
                report_notice(c->report, "--cgroup-manager disabled: /linux/cgroupsPath is ignored");
        return 0;
}

/* In the caller's cgroup, a container that could write to the tree would reach the cgroups of others. */
static int check_cgroup_mounts(const Creation *c) {
        for (size_t i = 0; i < c->spec->n_mounts; i++) {
                const SpecMount *m = &c->spec->mounts[i];

                if (m->type && streq(m->type, "cgroup") && !(m->set & MOUNT_ATTR_RDONLY))
                        return report_error(c->report, EINVAL, "%s: /mounts/%zu: the container does not have a cgroup, "
                                            "so a mount of type cgroup must have the option ro", c->spec->file, i);
        }
        return 0;
}

/* Without either, nothing proves which processes are the container's once the first one has ended. */
static int check_without_cgroup(const Creation *c) {
        if (!(c->spec->new_namespaces & CLONE_NEWPID))
                return report_error(c->report, EINVAL, "%s: /linux/namespaces: a container without a cgroup needs a "
                                    "new pid namespace: otherwise delete could leave processes of it behind (%s)",
                                    c->spec->file, c->request->no_cgroup
                                    ? "--cgroup-manager disabled makes no cgroup"
                                    : "isorun-oci may not make a cgroup below its own: see --systemd-cgroup and "
                                      "/linux/cgroupsPath");
        return check_cgroup_mounts(c);
}

static int make_cgroup(Creation *c) {
        int r;

        if (c->request->systemd)
                return 0;
        r = c->request->no_cgroup
            ? check_disabled(c)
            : container_cgroup_make(c->spec, c->request->id, &c->cgroup, &c->cgroup_fd, &c->cgroup_claimed,
                                    c->report);
        return r < 0 || c->cgroup ? r : check_without_cgroup(c);
}

static int make(const Spec *spec, const CreateRequest *request, State *state, Report *report) {
        _cleanup_(creation_deinit) Creation c = { .spec = spec, .request = request, .state = state, .cgroup_fd = -1,
                                                  .socket = -1, .console = { .socket = -1 }, .report = report };
        int r = joined_open(spec, c.joined, report);

        if (r >= 0)
                r = make_cgroup(&c);
        if (r < 0)
                return r;
        r = c.cgroup ? describe_half(&c) : 0;
        if (r >= 0)
                r = make_process(&c);
        if (r < 0 && c.cgroup)
                container_cgroup_discard(c.cgroup, c.cgroup_fd);
        return r;
}

/* Where SELinux is not enabled, nothing reads the labels of files. */
static void check_mount_label(Spec *spec, Report *report) {
        if (!spec->mount_label || label_selinux_enabled())
                return;
        report_notice(report, "%s: /linux/mountLabel: ignored: SELinux is not enabled on this host", spec->file);
        spec->mount_label = NULL;
}

int container_create(Spec *spec, const CreateRequest *request, State *ret, Report *report) {
        State state = { .directory = -1 };
        int r = steps_check_security(&spec->process, report);

        if (spec->n_devices > 0)
                bound_devices_tell(spec, report);
        check_mount_label(spec, report);
        if (r >= 0)
                r = state_make(request->root, request->id, &state, report);
        if (r >= 0) {
                r = make(spec, request, &state, report);
                if (r < 0)
                        (void) state_remove(&state, report);
        }
        if (r < 0)
                state_deinit(&state);
        else
                *ret = state;
        return r;
}
