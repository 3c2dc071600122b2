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
        int index, index_inside; /* index_inside is 0 until the device has moved */
        bool up;                 /* before the move */
        Request *addresses;      /* that add them again */
        size_t n_addresses;
} Move;

/* Sockets for routes lead to a network namespace: that of this process, and the container's. */
typedef struct Networks {
        int own, target;
        int own_namespace, target_namespace;
        bool is_new; /* the container's: no other process is in it */
} Networks;

struct NetDevices {
        Networks networks;
        Move *moves;
        size_t n;
};

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

static int add_addresses(int socket, int index, const Move *m) {
        for (size_t i = 0; i < m->n_addresses; i++) {
                struct ifaddrmsg *address = NLMSG_DATA(&m->addresses[i].header);
                int r;

                address->ifa_index = (uint32_t) index;
                r = request_do(socket, &m->addresses[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int raise_device(int socket, int index) {
        struct ifreq request = { .ifr_ifindex = index };

        if (ioctl(socket, SIOCGIFNAME, &request) < 0 || ioctl(socket, SIOCGIFFLAGS, &request) < 0)
                return -errno;
        request.ifr_flags |= IFF_UP;
        return ioctl(socket, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/* In the container's namespace. The kernel numbers a device anew if its number is in use there. */
static int name_and_raise(int socket, const char *temporary, Move *m) {
        struct ifreq request = {};
        const int index = find_index(socket, temporary);
        int r;

        if (index < 0)
                return index;
        m->index_inside = index;
        snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", temporary);
        snprintf(request.ifr_newname, sizeof(request.ifr_newname), "%s", m->device->inside);
        if (ioctl(socket, SIOCSIFNAME, &request) < 0)
                return -errno;
        r = add_addresses(socket, index, m);
        return r < 0 ? r : raise_device(socket, index);
}

static int move_to(int socket, int index, int namespace, const char *name) {
        const struct ifinfomsg body = { .ifi_index = index };
        const uint32_t fd = (uint32_t) namespace;
        Request request;

        request_begin(&request, RTM_NEWLINK, NLM_F_ACK, &body, sizeof(body));
        request_add(&request, IFLA_NET_NS_FD, &fd, sizeof(fd));
        request_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
        return request_do(socket, &request);
}

/* By a name that nothing has, so that the device is found again whatever its number and name become. */
static int move_one(Move *m, const Networks *n) {
        char temporary[IFNAMSIZ];
        int r;

        snprintf(temporary, sizeof(temporary), "isorun%d", (int) getpid());
        r = keep_addresses(m, n->own);
        if (r >= 0)
                r = move_to(n->own, m->index, n->target_namespace, temporary);
        return r < 0 ? r : name_and_raise(n->target, temporary, m);
}

/* Processes of a joined network could have put a device of theirs in its place: so this one stays down. */
static int return_one(const Move *m, const Networks *n) {
        int index, r = move_to(n->target, m->index_inside, n->own_namespace, m->device->name);

        if (r < 0 || !n->is_new)
                return r;
        index = find_index(n->own, m->device->name);
        r = index < 0 ? index : add_addresses(n->own, index, m);
        return r < 0 || !m->up ? r : raise_device(n->own, index);
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

static int networks_open(const Spec *spec, pid_t pid, Networks *ret) {
        _cleanup_free_ char *path = format("/proc/%d/ns/net", (int) pid);

        if (!path)
                return -ENOMEM;
        ret->is_new = spec->new_namespaces & CLONE_NEWNET;
        ret->own_namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        ret->target_namespace = open(path, O_RDONLY | O_CLOEXEC);
        if (ret->own_namespace < 0 || ret->target_namespace < 0)
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
        fd_close(n->own_namespace);
        fd_close(n->target_namespace);
}

NetDevices *net_devices_free(NetDevices *devices) {
        if (!devices)
                return NULL;
        for (size_t i = 0; devices->moves && i < devices->n; i++)
                free(devices->moves[i].addresses);
        free(devices->moves);
        networks_close(&devices->networks);
        free(devices);
        return NULL;
}

/* An altname leads to a device, too, but goes with it, so that the device cannot have it as its name. */
static int check_altnames(const Place *p, const SpecNetDevice *d, const Networks *n, int index) {
        struct ifreq request = { .ifr_ifindex = index };

        if (ioctl(n->own, SIOCGIFNAME, &request) < 0)
                return place_error(p, errno, "cannot find the network device: %s", strerror(errno));
        if (!streq(request.ifr_name, d->name))
                return place_error(p, EINVAL, "this is another name of the network device %s: use that one",
                                   request.ifr_name);
        if (!streq(d->inside, d->name) && find_index(n->own, d->inside) == index)
                return place_error(p, EINVAL, "%s is another name of the device already, so it cannot become its "
                                   "first one", d->inside);
        return 0;
}

/* The kernel would move a device, and then refuse the name. */
static int check(const Place *p, Move *m, const Networks *n) {
        const SpecNetDevice *d = m->device;
        const int index = find_index(n->own, d->name);
        struct ifreq request = {};
        int r;

        if (index < 0)
                return place_error(p, -index, "cannot find the network device: %s", strerror(-index));
        r = check_altnames(p, d, n, index);
        if (r < 0)
                return r;
        if (!strchr(d->inside, '%') && find_index(n->target, d->inside) >= 0)
                return place_error(p, EEXIST, "the container's network has a device %s already", d->inside);
        snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", d->name);
        if (ioctl(n->own, SIOCGIFFLAGS, &request) < 0)
                return place_error(p, errno, "cannot find the network device: %s", strerror(errno));
        m->index = index;
        m->up = request.ifr_flags & IFF_UP;
        return 0;
}

static int move_all(const Spec *spec, const Place *place, NetDevices *devices) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < devices->n; i++) {
                const Place p = place_member(place, spec->net_devices[i].name);

                devices->moves[i].device = &spec->net_devices[i];
                r = check(&p, &devices->moves[i], &devices->networks);
        }
        for (size_t i = 0; r >= 0 && i < devices->n; i++) {
                const Place p = place_member(place, spec->net_devices[i].name);

                r = move_one(&devices->moves[i], &devices->networks);
                if (r < 0)
                        r = place_error(&p, -r, "cannot move the network device into the container: %s", strerror(-r));
        }
        return r;
}

static void return_all(const NetDevices *devices, Report *report) {
        for (size_t i = devices->n; i-- > 0;) {
                const Move *m = &devices->moves[i];
                int r = m->index_inside ? return_one(m, &devices->networks) : 0;

                if (r < 0)
                        report_notice(report, "cannot give the network device %s back to the host as it was: %s",
                                      m->device->name, strerror(-r));
        }
}

void net_devices_return(const NetDevices *devices, Report *report) {
        if (devices && devices->networks.is_new)
                return_all(devices, report);
}

static NetDevices *net_devices_new(const Spec *spec) {
        NetDevices *devices = malloc(sizeof(*devices));

        if (!devices)
                return NULL;
        *devices = (NetDevices) { .networks = { -1, -1, -1, -1, false }, .n = spec->n_net_devices,
                                  .moves = calloc(spec->n_net_devices, sizeof(*devices->moves)) };
        return devices->moves ? devices : net_devices_free(devices);
}

int net_devices_move(const Spec *spec, pid_t pid, NetDevices **ret, Report *report) {
        const Place top = { .value = spec->json, .file = spec->file, .text = spec->text, .report = report },
                    linux_part = place_member(&top, "linux"), place = place_member(&linux_part, "netDevices");
        NetDevices *devices;
        int r;

        if (spec->n_net_devices == 0)
                return 0;
        if (!process_is_host_root())
                return place_error(&place, EPERM, "only root of the host can move network devices into a container");
        devices = net_devices_new(spec);
        if (!devices)
                return report_oom(report);
        r = networks_open(spec, pid, &devices->networks);
        r = r < 0 ? place_error(&place, -r, "cannot reach the container's network namespace: %s", strerror(-r))
                  : move_all(spec, &place, devices);
        if (r < 0) {
                return_all(devices, report);
                net_devices_free(devices);
                return r;
        }
        *ret = devices;
        return 0;
}
