/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/outside/net-devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oci/spec/place.h"
#include "util/array.h"
#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"

/* rtnetlink(7): a header, a structure of the type, and attributes. */
typedef union Request {
        struct nlmsghdr header;
        char bytes[256];
} Request;

/* A device on its way. */
typedef struct Move {
        const SpecNetDevice *device;
        int index;
        Request *addresses; /* that add them again */
        size_t n_addresses;
} Move;

/* Sockets for routes lead to a network namespace: that of this process, and the container's. */
typedef struct Networks {
        int own, target;
        int target_namespace;
} Networks;

static void request_begin(Request *r, uint16_t type, uint16_t flags, const void *body, size_t size) {
        *r = (Request) { .header = { .nlmsg_len = (uint32_t) NLMSG_LENGTH(size), .nlmsg_type = type,
                                     .nlmsg_flags = (uint16_t) (NLM_F_REQUEST | flags) } };
        memcpy(NLMSG_DATA(&r->header), body, size);
}

/* Drops what has no room: no attribute of an address is that long. */
static void request_add(Request *r, uint16_t type, const void *value, size_t size) {
        const size_t end = NLMSG_ALIGN(r->header.nlmsg_len);
        const struct rtattr head = { .rta_len = (uint16_t) RTA_LENGTH(size), .rta_type = type };

        if (end + RTA_SPACE(size) > sizeof(r->bytes))
                return;
        memcpy(r->bytes + end, &head, sizeof(head));
        memcpy(r->bytes + end + RTA_LENGTH(0), value, size);
        r->header.nlmsg_len = (uint32_t) (end + RTA_LENGTH(size));
}

static int request_send(int socket, const Request *r) {
        return send(socket, r, r->header.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* The kernel has answered when send(2) returns. */
static int request_do(int socket, const Request *request) {
        union {
                struct nlmsghdr header;
                char bytes[4096];
        } answer;
        ssize_t size;
        int r = request_send(socket, request);

        if (r < 0)
                return r;
        size = recv(socket, &answer, sizeof(answer), MSG_DONTWAIT);
        if (size < 0)
                return -errno;
        if (!NLMSG_OK(&answer.header, (size_t) size) || answer.header.nlmsg_type != NLMSG_ERROR)
                return -EPROTO;
        return ((const struct nlmsgerr *) NLMSG_DATA(&answer.header))->error;
}

/* As the specification has it, only permanent addresses that are valid everywhere: others, such as those of SLAAC, are
 * of the network around. */
static int keep_address(Move *m, const struct nlmsghdr *header) {
        static const uint32_t kept = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
        const struct ifaddrmsg *of = NLMSG_DATA(header);
        size_t left = IFA_PAYLOAD(header);
        struct ifaddrmsg body = { .ifa_family = of->ifa_family, .ifa_prefixlen = of->ifa_prefixlen };
        uint32_t flags = of->ifa_flags;
        Request request;

        if ((int) of->ifa_index != m->index || of->ifa_scope != RT_SCOPE_UNIVERSE)
                return 0;
        request_begin(&request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
        for (const struct rtattr *a = IFA_RTA(of); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
                if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) == sizeof(flags))
                        memcpy(&flags, RTA_DATA(a), sizeof(flags));
                if (a->rta_type == IFA_LOCAL || a->rta_type == IFA_ADDRESS || a->rta_type == IFA_BROADCAST)
                        request_add(&request, a->rta_type, RTA_DATA(a), RTA_PAYLOAD(a));
        }
        if (!(flags & IFA_F_PERMANENT))
                return 0;
        flags &= kept;
        request_add(&request, IFA_FLAGS, &flags, sizeof(flags));
        {
                Request *place = ARRAY_APPEND(m->addresses, m->n_addresses);

                if (!place)
                        return -ENOMEM;
                *place = request;
        }
        return 0;
}

/* Returns 1 when the list has ended, 0 if it goes on, or -errno. */
static int keep_addresses_of(Move *m, const struct nlmsghdr *header, size_t left) {
        for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
                int r = 0;

                if (header->nlmsg_type == NLMSG_DONE)
                        return 1;
                if (header->nlmsg_type == NLMSG_ERROR)
                        return ((const struct nlmsgerr *) NLMSG_DATA(header))->error ?: -EPROTO;
                if (header->nlmsg_type == RTM_NEWADDR)
                        r = keep_address(m, header);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int keep_addresses(Move *m, int socket) {
        enum { SIZE = 65536 };
        const struct ifaddrmsg all = { .ifa_family = AF_UNSPEC };
        _cleanup_free_ char *buffer = malloc(SIZE);
        Request request;
        int r;

        if (!buffer)
                return -ENOMEM;
        request_begin(&request, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
        r = request_send(socket, &request);
        while (r == 0) {
                const ssize_t size = recv(socket, buffer, SIZE, MSG_DONTWAIT);

                r = size < 0 ? -errno : keep_addresses_of(m, (const struct nlmsghdr *) buffer, (size_t) size);
        }
        return r;
}

static int find_index(int socket, const char *name) {
        struct ifreq request = {};

        snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
        return ioctl(socket, SIOCGIFINDEX, &request) < 0 ? -errno : request.ifr_ifindex;
}

/* In the container's namespace. The kernel numbers a device anew if its number is in use there. */
static int name_and_raise(int socket, const char *temporary, const Move *m) {
        struct ifreq request = {};
        const int index = find_index(socket, temporary);

        if (index < 0)
                return index;
        snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", temporary);
        snprintf(request.ifr_newname, sizeof(request.ifr_newname), "%s", m->device->inside);
        if (ioctl(socket, SIOCSIFNAME, &request) < 0)
                return -errno;
        for (size_t i = 0; i < m->n_addresses; i++) {
                struct ifaddrmsg *address = NLMSG_DATA(&m->addresses[i].header);
                int r;

                address->ifa_index = (uint32_t) index;
                r = request_do(socket, &m->addresses[i]);
                if (r < 0)
                        return r;
        }
        request = (struct ifreq) { .ifr_ifindex = index };
        if (ioctl(socket, SIOCGIFNAME, &request) < 0 || ioctl(socket, SIOCGIFFLAGS, &request) < 0)
                return -errno;
        request.ifr_flags |= IFF_UP;
        return ioctl(socket, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/* By a name that nothing has, so that the device is found again whatever its number and name become. */
static int move_one(Move *m, const Networks *n) {
        const struct ifinfomsg body = { .ifi_index = m->index };
        const uint32_t fd = (uint32_t) n->target_namespace;
        char temporary[IFNAMSIZ];
        Request request;
        int r;

        snprintf(temporary, sizeof(temporary), "isorun%d", (int) getpid());
        r = keep_addresses(m, n->own);
        if (r < 0)
                return r;
        request_begin(&request, RTM_NEWLINK, NLM_F_ACK, &body, sizeof(body));
        request_add(&request, IFLA_NET_NS_FD, &fd, sizeof(fd));
        request_add(&request, IFLA_IFNAME, temporary, strlen(temporary) + 1);
        r = request_do(n->own, &request);
        return r < 0 ? r : name_and_raise(n->target, temporary, m);
}

static int open_routes(void) {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

        return fd < 0 ? -errno : fd;
}

/* This process is in the container's namespace only for as long as it makes the socket. */
static int open_routes_in(int namespace) {
        _cleanup_close_ int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = -1;

        if (own < 0 || setns(namespace, CLONE_NEWNET) < 0)
                return -errno;
        fd = open_routes();
        if (setns(own, CLONE_NEWNET) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int networks_open(pid_t pid, Networks *ret) {
        _cleanup_free_ char *path = format("/proc/%d/ns/net", (int) pid);

        if (!path)
                return -ENOMEM;
        ret->target_namespace = open(path, O_RDONLY | O_CLOEXEC);
        if (ret->target_namespace < 0)
                return -errno;
        ret->own = open_routes();
        if (ret->own < 0)
                return ret->own;
        ret->target = open_routes_in(ret->target_namespace);
        return ret->target < 0 ? ret->target : 0;
}

static void networks_close(Networks *n) {
        fd_close(n->own);
        fd_close(n->target);
        fd_close(n->target_namespace);
}

/* The kernel would move a device, and then refuse the name. */
static int check(const Place *p, const SpecNetDevice *d, const Networks *n, int *ret_index) {
        const int index = find_index(n->own, d->name);

        if (index < 0)
                return place_error(p, -index, "cannot find the network device: %s", strerror(-index));
        if (!strchr(d->inside, '%') && find_index(n->target, d->inside) >= 0)
                return place_error(p, EEXIST, "the container's network has a device %s already", d->inside);
        *ret_index = index;
        return 0;
}

static int move_all(const Spec *spec, const Place *devices, const Networks *n) {
        Move *moves = calloc(spec->n_net_devices, sizeof(*moves));
        int r = moves ? 0 : report_oom(devices->report);

        for (size_t i = 0; r >= 0 && i < spec->n_net_devices; i++) {
                const Place p = place_member(devices, spec->net_devices[i].name);

                moves[i].device = &spec->net_devices[i];
                r = check(&p, moves[i].device, n, &moves[i].index);
        }
        for (size_t i = 0; r >= 0 && i < spec->n_net_devices; i++) {
                const Place p = place_member(devices, spec->net_devices[i].name);

                r = move_one(&moves[i], n);
                if (r < 0)
                        r = place_error(&p, -r, "cannot move the network device into the container: %s", strerror(-r));
        }
        for (size_t i = 0; moves && i < spec->n_net_devices; i++)
                free(moves[i].addresses);
        free(moves);
        return r;
}

int net_devices_move(const Spec *spec, pid_t pid, Report *report) {
        const Place top = { .value = spec->json, .file = spec->file, .text = spec->text, .report = report },
                    linux_part = place_member(&top, "linux"), devices = place_member(&linux_part, "netDevices");
        Networks n = { -1, -1, -1 };
        int r;

        if (spec->n_net_devices == 0)
                return 0;
        if (!process_is_host_root())
                return place_error(&devices, EPERM, "only root of the host can move network devices into a container");
        r = networks_open(pid, &n);
        r = r < 0 ? place_error(&devices, -r, "cannot reach the container's network namespace: %s", strerror(-r))
                  : move_all(spec, &devices, &n);
        networks_close(&n);
        return r;
}
