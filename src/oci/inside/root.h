/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root of a container, made in the mount namespace of its first process. Functions return 0 or an fd, or a negative
 * errno kept in f. */

#include <sys/stat.h>

#include "oci/spec/spec.h"
#include "sandbox/wire/failure.h"

/* Where a first process that has joined a user namespace of others finds what is the host's: oci/outside/staged.h. */
#define ROOT_STAGED "/rootfs"
#define ROOT_STAGED_SOURCE "/sources/%zu" /* the index of a mount */
#define ROOT_STAGED_LAYER "/o/%zu/%zu"    /* of an overlay, also; short, as oci/inside/layers.h says */
#define ROOT_STAGED_DEVICES "/devices"    /* with the path on the host: /devices/dev/null */

/* What there is before the mounts are made. sources has for each mount a copy of its source that isorun-oci has made
 * outside, or -1: for directories that root of the user namespace cannot reach. It may be NULL, and so may mapped, the
 * idmapped mounts: oci/outside/id-mapped.h. Those whose sources are in the root are made here, and isorun-oci maps
 * their ids, by socket. cgroup: the detached mount of the container's cgroup, if the host's tree cannot be reached, or
 * -1. */
typedef struct RootGiven {
        const int *sources, *mapped;
        int socket, cgroup;
} RootGiven;

/* Attaches a copy of the root's mounts over its own directory, and makes the mounts in it, in their order. *ret is an
 * fd of the new root, which the caller closes. */
int root_begin(const Spec *spec, const RootGiven *given, int *ret, Failure *f);

/* The path by which the first process finds a device of the host, on the heap; NULL when memory runs out. */
char *root_host_device(const Spec *spec, const char *path);

/* Whether a file is the device; a pipe has no number. */
bool device_is(const struct stat *st, const SpecDevice *d);

/* Whether the first process mounts the container's own cgroup by a copy that isorun-oci gives it. */
bool root_needs_cgroup(const Spec *spec);

/* Makes such a copy: a detached mount that shares nothing with the host's. */
int root_copy_cgroup(int cgroup);

/* An array with an fd for each mount, all of them -1. NULL: memory has run out. */
int *mount_fds_new(const Spec *spec);

/* Closes the fds and frees the array, which may be NULL. Returns NULL. */
int *mount_fds_free(const Spec *spec, int *fds);

/* Makes these copies, and none if isorun-oci may not. Returns an array for mount_fds_free(), or
 * NULL. */
int *root_copy_sources(const Spec *spec);

/* Attaches a mount at m->destination, which is made if it is missing. */
int root_attach(const Spec *spec, const SpecMount *m, int root, int mount_fd, Failure *f);

/* Whether a bind mount was attached through a symlink. */
bool root_has_symlinked_bind(void);

/* Whether the mount is a read-only /dev. It stays writable until devices and mounts are in it; then root_protect()
 * makes it read-only. */
bool mount_is_filled_later(const SpecMount *m);

/* Makes the devices that each container has, and those of config.json. */
int devices_make(const Spec *spec, int root, Failure *f);

/* Writes the sysctls, and hides or write-protects paths. */
int root_protect(const Spec *spec, int root, Failure *f);

/* For a root that is entered without pivot_root(2): removes or covers each whole procfs and sysfs of the host. Where
 * one is visible, the kernel would let any process mount another one in a user namespace, without the container's
 * lids. */
int root_hide_proc(int root, Failure *f);

/* Changes to the root. The host's mounts are gone then, and "/" is the working directory. no_pivot: they stay below it,
 * without proc and sysfs, for a host whose own root is one that pivot_root(2) refuses. */
int root_enter(const Spec *spec, int root, bool no_pivot, Failure *f);
