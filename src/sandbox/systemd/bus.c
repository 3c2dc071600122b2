/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/systemd/bus.h"

#include <errno.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "sandbox/wire/failure.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/library.h"
#include "util/thread.h"

LIBRARY_NOTE(bus, "bus", "Instances as units of systemd", "recommended", "libsystemd.so.0");

static BusLibrary library;
static bool library_loaded;
static pthread_t loader;
static bool loader_runs;

static int load_library(void) {
        static const char *const names[] = { BUS_FUNCTIONS(LIBRARY_NAME) };
        int r = library_load("libsystemd.so.0", names, ELEMENTSOF(names), &library);

        library_loaded = r >= 0;
        return r;
}

static void *load_ahead(_unused_ void *userdata) {
        (void) load_library(); /* bus_library() tries again, and reports the failure */
        return NULL;
}

void bus_library_begin(void) {
        if (!library_loaded && !loader_runs)
                loader_runs = thread_begin(&loader, load_ahead, NULL) >= 0;
}

void bus_library_settle(void) {
        if (loader_runs)
                pthread_join(loader, NULL);
        loader_runs = false;
}

const BusLibrary *bus_library(Report *report) {
        int r;

        bus_library_settle();
        r = library_loaded ? 0 : load_library();
        if (r >= 0)
                return &library;
        if (r == -ENOSYS)
                report_error(report, -r, "libsystemd.so.0 is too old: isorun needs that of systemd 252 or newer");
        else
                report_error(report, -r, "isorun needs libsystemd.so.0 to talk to systemd%s", library_advice());
        return NULL;
}

const BusObject bus_systemd = { SYSTEMD_DESTINATION, SYSTEMD_PATH, SYSTEMD_MANAGER };

void bus_deinit(Bus *bus) {
        if (bus->bus)
                bus->lib->sd_bus_close_unref(bus->bus);
        *bus = (Bus) {};
}

int bus_adopt(Bus *ret, int fd, Patience *patience, Report *report) {
        Bus b = { .lib = bus_library(report), .patience = patience };
        int r = b.lib ? b.lib->sd_bus_new(&b.bus) : -ENOENT;

        if (r >= 0)
                r = b.lib->sd_bus_set_bus_client(b.bus, true);
        if (r >= 0)
                r = b.lib->sd_bus_set_fd(b.bus, fd, fd);
        if (r < 0)
                fd_close(fd);
        else
                r = b.lib->sd_bus_start(b.bus);
        if (r >= 0) {
                *ret = b;
                return 0;
        }
        bus_deinit(&b);
        return report->n_errors ? r : report_error(report, -r, "cannot talk to the bus: %s", strerror(-r));
}

int bus_connect(Bus *ret, bool user, Patience *patience, Report *report) {
        Bus b = { .lib = bus_library(report), .patience = patience };
        int r = b.lib ? bus_open(b.lib, user, "", &b.bus, report) : -ENOENT;

        if (r >= 0)
                *ret = b;
        return r;
}

/* The milliseconds until sd_bus_process() has to be called, whatever arrives; -1: never. */
static int timeout_of(const Bus *bus) {
        uint64_t due;

        return bus->lib->sd_bus_get_timeout(bus->bus, &due) < 0 || due == UINT64_MAX ? -1 : clock_msec_until(due ?: 1);
}

int bus_wait(const Bus *bus) {
        int events = bus->lib->sd_bus_get_events(bus->bus), r;
        struct pollfd fd = { .fd = bus->lib->sd_bus_get_fd(bus->bus), .events = (short) events };

        if (events < 0)
                return events;
        patience_check(bus->patience, (Origin) {}, NULL, "waiting until the bus answers");
        r = patience_poll(bus->patience, &fd, 1, timeout_of(bus));
        return r < 0 ? r : 0;
}

int bus_send(const Bus *bus) {
        int r;

        /* When the bus is ready, sd_bus_process() also writes what is queued. */
        for (;;) {
                r = bus->lib->sd_bus_process(bus->bus, NULL);
                if (r == 0 && bus->lib->sd_bus_is_ready(bus->bus) > 0)
                        return 0;
                if (r == 0)
                        r = bus_wait(bus);
                if (r < 0)
                        return r;
        }
}

typedef struct Answer {
        const BusLibrary *lib;
        sd_bus_message *reply;
} Answer;

static int on_reply(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        Answer *a = userdata;

        a->reply = a->lib->sd_bus_message_ref(m);
        return 0;
}

/* Waits for the answer to a request. */
static int await(const Bus *bus, const Answer *a) {
        int r = 0;

        while (!a->reply && r >= 0) {
                r = bus->lib->sd_bus_process(bus->bus, NULL);
                if (r == 0)
                        r = bus_wait(bus);
        }
        return a->reply ? 0 : r;
}

int bus_call(const Bus *bus, sd_bus_message *m, unsigned msec, sd_bus_error *error, sd_bus_message **ret) {
        Answer a = { .lib = bus->lib };
        sd_bus_slot *slot = NULL;
        int r;

        r = bus->lib->sd_bus_call_async(bus->bus, &slot, m, on_reply, &a, (uint64_t) msec * 1000);
        if (r >= 0)
                r = await(bus, &a);
        bus->lib->sd_bus_slot_unref(slot); /* an answer after this is for nobody */
        if (r >= 0)
                r = -bus->lib->sd_bus_message_get_errno(a.reply);
        if (a.reply && error)
                (void) bus->lib->sd_bus_error_copy(error, bus->lib->sd_bus_message_get_error(a.reply));
        if (r >= 0 && ret)
                *ret = TAKE_PTR(a.reply);
        bus->lib->sd_bus_message_unref(a.reply);
        return r;
}

int bus_call_method(const Bus *bus, const BusObject *object, const char *method, sd_bus_error *error,
                    sd_bus_message **ret, const char *types, ...) {
        sd_bus_message *m = NULL;
        va_list ap;
        int r;

        r = bus->lib->sd_bus_message_new_method_call(bus->bus, &m, object->destination, object->path,
                                                     object->interface, method);
        va_start(ap, types);
        if (r >= 0)
                r = bus->lib->sd_bus_message_appendv(m, types, ap);
        va_end(ap);
        if (r >= 0)
                r = bus_call(bus, m, 0, error, ret);
        bus->lib->sd_bus_message_unref(m);
        return r;
}

int bus_get_property(const Bus *bus, const BusObject *object, const char *property, const char *type,
                     sd_bus_message **ret) {
        enum { TIMEOUT_MSEC = 5000 };
        sd_bus_message *m = NULL, *reply = NULL;
        int r;

        r = bus->lib->sd_bus_message_new_method_call(bus->bus, &m, object->destination, object->path,
                                                     "org.freedesktop.DBus.Properties", "Get");
        if (r >= 0)
                r = bus->lib->sd_bus_message_append(m, "ss", object->interface, property);
        if (r >= 0)
                r = bus_call(bus, m, TIMEOUT_MSEC, NULL, &reply);
        bus->lib->sd_bus_message_unref(m);
        if (r >= 0)
                r = bus->lib->sd_bus_message_enter_container(reply, 'v', type);
        if (r >= 0)
                *ret = reply;
        else
                bus->lib->sd_bus_message_unref(reply);
        return r < 0 ? r : 0;
}

int bus_get_peer(const Bus *bus, pid_t *ret) {
        static const BusObject driver = { "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus" };
        sd_bus_message *reply = NULL;
        const char *name;
        uint32_t pid;
        int r;

        r = bus_send(bus); /* the bus gives the name */
        if (r >= 0)
                r = bus->lib->sd_bus_get_unique_name(bus->bus, &name);
        if (r >= 0)
                r = bus_call_method(bus, &driver, "GetConnectionUnixProcessID", NULL, &reply, "s", name);
        if (r >= 0)
                r = bus->lib->sd_bus_message_read(reply, "u", &pid);
        bus->lib->sd_bus_message_unref(reply);
        if (r < 0)
                return r;
        *ret = (pid_t) pid;
        return 0;
}

static int open_address(const BusLibrary *lib, const char *address, bool is_bus, sd_bus **ret) {
        sd_bus *bus = NULL;
        int r;

        r = lib->sd_bus_new(&bus);
        if (r >= 0)
                r = lib->sd_bus_set_address(bus, address);
        if (r >= 0)
                r = lib->sd_bus_set_bus_client(bus, is_bus);
        if (r >= 0)
                r = lib->sd_bus_start(bus);
        if (r >= 0)
                *ret = bus;
        else if (bus)
                lib->sd_bus_flush_close_unref(bus);
        return r;
}

/* su and sudo remove XDG_RUNTIME_DIR from the environment. The user's bus is still at its usual address. */
static int open_user(const BusLibrary *lib, sd_bus **ret) {
        char address[64];
        int r;

        r = lib->sd_bus_open_user(ret);
        if (r != -ENOMEDIUM)
                return r;
        snprintf(address, sizeof(address), "unix:path=/run/user/%u/bus", geteuid());
        return open_address(lib, address, true, ret);
}

int bus_open(const BusLibrary *lib, bool user, const char *hint, sd_bus **ret, Report *report) {
        int r;

        r = user ? open_user(lib, ret) : lib->sd_bus_open_system(ret);
        return r < 0 ? report_error(report, -r, "cannot connect to the %s bus: %s%s%s",
                                    user ? "user" : "system", strerror(-r), failure_socket_hint(-r), hint)
                     : 0;
}

int bus_open_manager(const BusLibrary *lib, bool user, sd_bus **ret, Report *report) {
        char address[64] = "unix:path=/run/systemd/private";
        Report silent = {};
        int r;

        if (bus_open(lib, user, "", ret, &silent) >= 0)
                return 0;
        if (user)
                snprintf(address, sizeof(address), "unix:path=/run/user/%u/systemd/private", geteuid());
        r = open_address(lib, address, false, ret);
        return r < 0 ? report_error(report, -r, "cannot connect to the %s service manager: %s",
                                    user ? "user" : "system",
                                    strerror(-r))
                     : 0;
}

/* Where a manager keeps the files of such units. The directory exists from the first unit on. */
static bool is_full(const char *runtime) {
        char place[64];
        struct statvfs fs;

        snprintf(place, sizeof(place), "%s/systemd/transient", runtime);
        if (statvfs(place, &fs) < 0 && statvfs(runtime, &fs) < 0)
                return false;
        return fs.f_blocks > 0 && (fs.f_bavail == 0 || fs.f_favail == 0);
}

const char *bus_refusal_hint(bool user, char buffer[static BUS_HINT_SIZE]) {
        char runtime[32];

        snprintf(runtime, sizeof(runtime), user ? "/run/user/%u" : "/run", geteuid());
        if (!is_full(runtime))
                return "";
        snprintf(buffer, BUS_HINT_SIZE, " (%s is full, and systemd keeps the unit there)", runtime);
        return buffer;
}
