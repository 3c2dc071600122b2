/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every type of value: what it accepts, the result, and what it refuses. */
#include "helper.h"

#include <errno.h>
#include <sys/resource.h>

typedef struct Case {
        const char *directive, *text;
        const char *values; /* in the form of expect_values(); NULL: refused */
} Case;

#define LONG_NAME "a123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

static const Case policy_cases[] = {
        /* string */
        { "Description", "A %u's 100%% \"x\"", "A ada's 100% \"x\"" },
        { "Description", "%h %t %i %U", "/home/ada /run/user/1000 web-1 1000" },
        { "Description", "50%", NULL },
        { "Description", "%q", NULL },
        { "Description", "%n", NULL }, /* has no value here */
        { "Description", "%v", NULL },
        { "Description", "%", NULL },
        /* directive_names */
        { "Optional", "Nice", "Nice n=D_Nice" },
        { "Optional", "nice", NULL },
        { "Optional", "TasksMax Nonsense", NULL },
        { "Optional", "'TasksMax", NULL },
        /* command */
        { "ExecStart", "/bin/sh -c 'a b'", "/bin/sh -c 'a b' [/bin/sh|-c|a b]" },
        { "ExecStart", "echo $$HOME %u", "echo $$HOME %u [echo|$HOME|ada]" },
        { "ExecStart", "echo ''", "echo '' [echo|]" },
        { "ExecStart", "echo $HOME", NULL },
        { "ExecStart", "echo ${HOME}", NULL },
        { "ExecStart", "echo a${HOME", NULL },
        { "ExecStart", "echo $", NULL },
        { "ExecStart", "echo a$ b$c $$(d) e$(f)", "echo a$ b$c $$(d) e$(f) [echo|a$|b$c|$(d)|e$(f)]" },
        { "ExecStart", "find \\; ';' 'a\\'b' \\w", "find \\; ';' 'a\\'b' \\w [find|;|;|a'b|\\w]" },
        { "ExecStart", "a ;", "a ; [a]" },
        { "ExecStart", "; a", "; a [a]" },
        { "ExecStart", "-/bin/false", NULL },
        { "ExecStart", "@/bin/false x", NULL },
        { "ExecStart", "''", NULL },
        { "ExecStart", "a ; b", NULL },
        { "ExecStart", "a 'b", NULL },
        { "ExecStart", "a 100%", NULL },
};

static const Case scope_cases[] = {
        /* slice */
        { "Pool", "builds-%u", "builds-ada" },
        { "Pool", "../builds", NULL },
        { "Pool", "-builds", NULL },
        { "Pool", "a@b", NULL },
        { "Slice", "a-b.slice", "a-b.slice" },
        { "Slice", "isorun-%u.slice", "isorun-ada.slice" },
        { "Slice", "a.service", NULL },
        { "Slice", ".slice", NULL },
        { "Slice", "a b.slice", NULL },
        { "Slice", "a/b.slice", NULL },
        /* memory */
        { "MemoryMax", "64M", "64M n=67108864" },
        { "MemoryMax", "0", NULL },
        { "MemoryMax", "0%", NULL },
        { "MemoryMax", "0.1", NULL },
        { "MemoryMax", "1.5M", "1.5M n=1572864" },
        { "MemoryMax", "10m", NULL }, /* systemd knows only capitals */
        { "MemoryMax", "7E", "7E n=8070450532247928832" },
        { "MemoryMax", "8E", NULL }, /* the kernel makes "max" of it */
        { "MemoryMax", "18446744073709551615", NULL },
        { "MemoryHigh", "0", NULL },
        { "MemoryHigh", "0%", NULL },
        { "MemoryLow", "0", "0" },
        { "MemoryMin", "0%", "0% relative" },
        { "MemorySwapMax", "0", "0" },
        { "MemorySwapMax", "18446744073709551615", NULL },
        { "MemoryZSwapMax", "0", "0" },
        { "MemoryMax", "infinity", "infinity n=-1" },
        { "MemoryMax", "50%", "50% n=5000 relative" },
        { "MemoryMax", "100%", "100% n=10000 relative" },
        { "MemoryMax", "101%", NULL },
        { "MemoryMax", "16E", NULL },
        { "MemoryMax", "64MB", NULL },
        { "MemoryMax", "-1", NULL },
        { "MemoryMax", "64 M", NULL },
        { "MemoryMax", "Infinity", NULL },
        /* tasks */
        { "TasksMax", "64", "64 n=64" },
        { "TasksMax", "12.5%", "12.5% n=1250 relative" },
        { "TasksMax", "infinity", "infinity n=-1" },
        { "TasksMax", "0", NULL },
        { "TasksMax", "4194304", "4194304 n=4194304" },
        { "TasksMax", "4194305", NULL },
        { "TasksMax", "18446744073709551615", NULL },
        { "TasksMax", "0%", NULL },
        { "TasksMax", "101%", NULL },
        { "TasksMax", "1K", NULL },
        { "TasksMax", "99999999999999999999", NULL },
        /* cpu_quota */
        { "CPUQuota", "150%", "150% n=1500000" },
        { "CPUQuota", "0.01%", "0.01% n=100" },
        { "CPUQuota", "0%", NULL },
        { "CPUQuota", "21474836.48%", NULL },
        { "CPUQuota", "150", NULL },
        { "CPUQuota", "10000000000000000%", NULL },
        /* timespan */
        { "CPUQuotaPeriodSec", "50ms", "50ms n=50000" },
        { "CPUQuotaPeriodSec", "infinity", "infinity n=-1" },
        { "CPUQuotaPeriodSec", "soon", NULL },
        /* weight, cpu_weight */
        { "IOWeight", "1", "1 n=1" },
        { "IOWeight", "10000", "10000 n=10000" },
        { "IOWeight", "0", NULL },
        { "IOWeight", "10001", NULL },
        { "IOWeight", "idle", NULL },
        { "CPUWeight", "idle", "idle" },
        { "CPUWeight", "50", "50 n=50" },
        { "CPUWeight", "0", NULL },
        { "CPUWeight", "Idle", NULL },
        /* bitmap */
        { "AllowedCPUs", "0-3,8 9", "0-3,8 9 bits=0f03" },
        { "AllowedCPUs", "3-0", NULL },
        { "AllowedCPUs", "all", NULL },
        { "AllowedCPUs", "9999", NULL },
        /* device_weight, device_bytes, device_count */
        { "IODeviceWeight", "/dev/sda 50", "/dev/sda 50 n=50 [/dev/sda]" },
        { "IODeviceWeight", "/dev/sda 0", NULL },
        { "IODeviceWeight", "/dev/sda 10001", NULL },
        { "IODeviceWeight", "/dev/sda infinity", NULL },
        { "IODeviceWeight", "50", NULL },
        { "IOReadBandwidthMax", "/dev/sda 5M", "/dev/sda 5M n=5000000 [/dev/sda]" },
        { "IOReadBandwidthMax", "'/dev/a b' infinity", "'/dev/a b' infinity n=-1 [/dev/a b]" },
        { "IOReadBandwidthMax", "/dev/sda 0", NULL },
        { "IOReadBandwidthMax", "/dev/sda 18446744073709551615", NULL },
        { "IOReadIOPSMax", "/dev/sda 0", NULL },
        { "IOReadIOPSMax", "/dev/sda 4294967294", "/dev/sda 4294967294 n=4294967294 [/dev/sda]" },
        { "IOReadIOPSMax", "/dev/sda 4294967295", NULL },
        { "IOReadBandwidthMax", "sda 5M", NULL },
        { "IOReadBandwidthMax", "/dev/sda", NULL },
        { "IOReadBandwidthMax", "/dev/sda 5M 6M", NULL },
        { "IOReadBandwidthMax", "/dev/sda fast", NULL },
        { "IOReadBandwidthMax", "'/dev/sda 5M", NULL },
        { "IOReadIOPSMax", "/dev/sda 5K", "/dev/sda 5K n=5000 [/dev/sda]" },
        { "IOReadIOPSMax", "/dev/sda -5", NULL },
        /* addresses */
        { "IPAddressAllow", "10.0.0.0/8 ::1", "10.0.0.0/8 n=8 [10.0.0.0]; ::1 n=128 [::1]" },
        { "IPAddressAllow", "192.168.1.1", "192.168.1.1 n=32 [192.168.1.1]" },
        { "IPAddressAllow", "any", "any [0.0.0.0]; any [::]" },
        { "IPAddressAllow", "localhost", "localhost n=8 [127.0.0.0]; localhost n=128 [::1]" },
        { "IPAddressAllow", "link-local", "link-local n=16 [169.254.0.0]; link-local n=64 [fe80::]" },
        { "IPAddressAllow", "multicast", "multicast n=4 [224.0.0.0]; multicast n=8 [ff00::]" },
        { "IPAddressAllow", "10.0.0.0/33", NULL },
        { "IPAddressAllow", "::/129", NULL },
        { "IPAddressAllow", "10.0.0.0/", NULL },
        { "IPAddressAllow", "10.0.0/8", NULL },
        { "IPAddressAllow", "10.0.0.0/8/8", NULL },
        { "IPAddressAllow", "example.org", NULL },
        { "IPAddressAllow", "fe80::1%%eth0", NULL },
        { "IPAddressAllow", "''", NULL },
        /* device_policy, oom_policy, kill_mode */
        { "DevicePolicy", "closed", "closed n=1" },
        { "DevicePolicy", "open", NULL },
        { "DevicePolicy", "no", NULL },
        { "OOMPolicy", "kill", "kill n=2" },
        { "OOMPolicy", "panic", NULL },
        { "KillMode", "control-group", "control-group" },
        { "KillMode", "no", NULL },
        { "KillMode", "Mixed", NULL },
        /* device_allow */
        { "DeviceAllow", "/dev/fuse rw", "/dev/fuse rw [/dev/fuse|rw]" },
        { "DeviceAllow", "/dev/fuse", "/dev/fuse [/dev/fuse|rwm]" },
        { "DeviceAllow", "char-pts m", "char-pts m [char-pts|m]" },
        { "DeviceAllow", "block-loop r", "block-loop r [block-loop|r]" },
        { "DeviceAllow", "/etc/passwd r", NULL },
        { "DeviceAllow", "/dev/fuse x", NULL },
        { "DeviceAllow", "/dev/fuse ''", NULL },
        { "DeviceAllow", "/dev/fuse r w", NULL },
        { "DeviceAllow", "tty", NULL },
        { "DeviceAllow", "/dev/../etc/passwd r", NULL },
        /* signal */
        { "KillSignal", "SIGQUIT", "SIGQUIT n=3" },
        { "KillSignal", "9", "9 n=9" },
        { "KillSignal", "SIGNAL", NULL },
        { "KillSignal", "0", NULL },
        /* boolean */
        { "SendSIGHUP", "on", "yes n=1" },
        { "SendSIGHUP", "FALSE", "no" },
        { "SendSIGHUP", "maybe", NULL },
        /* delegate */
        { "Delegate", "yes", "yes n=1" },
        { "Delegate", "no", "no" },
        { "Delegate", "cpu pids", "cpu pids n=1 [cpu|pids]" },
        { "Delegate", "cpu devices", NULL },
        { "Delegate", "''", NULL },
        /* unit_names */
        { "After", "a.service b@1.mount", "a.service; b@1.mount" },
        { "After", "a\\\\x2db.mount", "a\\x2db.mount" },
        { "After", "a", NULL },
        { "After", "a/b.service", NULL },
        { "After", "../a.service", NULL },
        { "After", LONG_NAME LONG_NAME LONG_NAME ".service", NULL },
};

static const Case sandbox_cases[] = {
        /* root */
        { "RootDirectory", "/srv//debian/", "/srv/debian [/srv/debian]" },
        { "RootDirectory", "%h/root", "/home/ada/root [/home/ada/root]" },
        { "RootDirectory", "/a b", "/a b [/a b]" },
        { "RootDirectory", "srv", "srv [srv]" },
        { "RootDirectory", "none", "none n=1 [none]" },
        { "RootDirectory", "/base:top:/c\\:d", "/base:top:/c:d [/base|top|/c:d]" },
        { "RootDirectory", "/base:none", NULL },
        { "RootDirectory", "/base:", NULL },
        { "RootDirectory", "/:/:/:/:/:/:/:/:/", NULL }, /* more than 8 layers */
        { "RootDirectory", "a/b", NULL },
        { "RootDirectory", "..", NULL },
        { "RootDirectory", "-a", NULL },
        { "RootDirectory", "/srv/../etc", NULL },
        { "RootDirectory", "/srv%", NULL },
        /* paths */
        { "InaccessiblePaths", "/a -/b/./c '/d e'", "/a; /b/c optional; /d e" },
        { "InaccessiblePaths", "%h/.ssh", "/home/ada/.ssh" },
        { "InaccessiblePaths", "a", NULL },
        { "InaccessiblePaths", "-", NULL },
        { "InaccessiblePaths", "--/a", NULL },
        { "InaccessiblePaths", "/a/..", NULL },
        { "InaccessiblePaths", "''", NULL },
        /* bind */
        { "BindPaths", "/a", "/a [/a|/a]" },
        { "BindPaths", "-/a:/b", "-/a:/b optional [/a|/b]" },
        { "BindPaths", "/a:/b:rbind", "/a:/b:rbind [/a|/b]" },
        { "BindPaths", "/a:/b:norbind,noexec", "/a:/b:norbind,noexec n=6 [/a|/b]" },
        { "BindPaths", "/a:/b:ro,rw", "/a:/b:ro,rw [/a|/b]" },
        { "BindPaths", "/a::ro", "/a::ro n=1 [/a|/a]" },
        { "BindPaths", "/a /b:/c", "/a [/a|/a]; /b:/c [/b|/c]" },
        { "BindPaths", "/a\\:b:/c", "/a\\:b:/c [/a:b|/c]" },
        { "BindPaths", "/a:/b:", "/a:/b: [/a|/b]" },
        { "BindReadOnlyPaths", "/a", "/a n=1 [/a|/a]" },
        { "BindReadOnlyPaths", "/a:/b:rw", "/a:/b:rw [/a|/b]" },
        { "BindPaths", "a", NULL },
        { "BindPaths", "/a:b", NULL },
        { "BindPaths", "/a:/b:suid", NULL },
        { "BindPaths", "/a:/b:r", NULL },
        { "BindPaths", "/a:/b:,ro", NULL },
        { "BindPaths", "/a:/b:ro:rw", NULL },
        { "BindPaths", "/a/../b", NULL },
        { "BindPaths", "/a:/b/..", NULL },
        { "BindPaths", ":", NULL },
        { "BindPaths", "-", NULL },
        { "BindPaths", "'/a", NULL },
        /* volume */
        { "Volume", "/srv/www:/www:ro", "/srv/www:/www:ro n=1 [/srv/www|/www]" },
        { "Volume", "-%h:/home", "-/home/ada:/home optional [/home/ada|/home]" },
        { "Volume", "/srv/www", NULL },
        { "Volume", "/srv/www:/www:z", NULL },
        { "Volume", "name:/www:rw", "name:/www:rw [name|/www]" },
        { "Volume", "?na.me_-1:/www", "?na.me_-1:/www optional [na.me_-1|/www]" },
        { "Volume", "/a:/b:overlay,size=1M", "/a:/b:overlay,size=1M n=8 size=1048576 [/a|/b]" },
        { "Volume", "/a:/b:ro,hide=*.key,hide=.git", "/a:/b:ro,hide=*.key,hide=.git n=1 [/a|/b|hide=*.key|hide=.git]" },
        { "Volume", "/a:/b:idmap", "/a:/b:idmap n=16 [/a|/b]" },
        { "Volume", "/a:/b:overlay,ro", NULL },
        { "Volume", "/a:/b:overlay,idmap", NULL },
        { "Volume", "/a:/b:size=1M", NULL },
        { "Volume", "/a:/b:overlay,size=x", NULL },
        { "Volume", "/a:/b:overlay,size=0", NULL },
        { "Volume", "/a:/b:overlay,size=18446744073709551615", NULL },
        { "Volume", "/a:/b:overlay,size=1.5m", "/a:/b:overlay,size=1.5m n=8 size=1572864 [/a|/b]" },
        { "Volume", "/a:/b:hide=", NULL },
        { "Volume", "/a:/b:hide=/x", NULL },
        { "Volume", "/a:/b:hide=a/../../b", NULL },
        { "Volume", "a/b:/www", NULL },
        { "Volume", "..:/www", NULL },
        { "Volume", ".a:/www", NULL },
        { "Volume", ":/www", NULL },
        /* read_only_paths */
        { "ReadOnlyPaths", "/a//b/ -%h/c", "/a/b; /home/ada/c optional" },
        { "ReadOnlyPaths", "./.git//hooks -././x/", "./.git/hooks; ./x optional" },
        { "ReadOnlyPaths", "./", NULL },
        { "ReadOnlyPaths", "./.", NULL },
        { "ReadOnlyPaths", "./../x", NULL },
        { "ReadOnlyPaths", ".git", NULL },
        { "ReadOnlyPaths", "x", NULL },
        /* file */
        { "File", "/etc//motd:a \\\"b\\\"\\n%i: c", "/etc//motd:a \\\"b\\\"\\n%i: c [/etc/motd|a \"b\"\nweb-1: c]" },
        { "File", "/etc/motd:", "/etc/motd: [/etc/motd|]" },
        { "File", "/a\\:b:c:d", "/a\\:b:c:d [/a:b|c:d]" },
        { "File", "/etc/motd", NULL },
        { "File", "motd:x", NULL },
        { "File", "/a/../b:x", NULL },
        { "File", "/a:\\q", NULL },
        { "File", "/a:%", NULL },
        { "File", ":x", NULL },
        /* symlink */
        { "Symlink", "/a:b /c/:/d", "/a:b [/a|b]; /c/:/d [/c|/d]" },
        { "Symlink", "/a:", NULL },
        { "Symlink", "/a", NULL },
        { "Symlink", "/a:b:c", NULL },
        { "Symlink", "a:b", NULL },
        /* set_credential: its content is not printed */
        { "SetCredential", "a.b:x\\ny", "a.b [a.b|x\ny]" },
        { "SetCredential", "a", NULL },
        { "SetCredential", "a/b:c", NULL },
        { "SetCredential", "..:c", NULL },
        { "SetCredential", "a b:c", NULL },
        /* load_credential */
        { "LoadCredential", "a:/b", "a:/b [a|/b]" },
        { "LoadCredential", "a", "a [a|a]" },
        { "LoadCredential", "a:b", "a:b [a|b]" },
        { "LoadCredential", "a:b/c", NULL },
        { "LoadCredential", "a:/b/..", NULL },
        { "LoadCredential", "a:b:c", NULL },
        { "LoadCredential", "..:/b", NULL },
        /* tmpfs */
        { "TemporaryFileSystem", "/scratch", "/scratch [/scratch]" },
        { "TemporaryFileSystem", "/a:ro,mode=700,size=16M,nr_inodes=1K,noexec",
          "/a:ro,mode=700,size=16M,nr_inodes=1K,noexec n=1024 size=16777216 [/a|ro|mode=700|noexec]" },
        { "TemporaryFileSystem", "/a:size=10%% /b", "/a:size=10% size=10% [/a]; /b [/b]" },
        { "TemporaryFileSystem", "/a:", "/a: [/a]" },
        { "TemporaryFileSystem", "a", NULL },
        { "TemporaryFileSystem", "/a:uid=0", NULL },
        { "TemporaryFileSystem", "/a:mode=999", NULL },
        { "TemporaryFileSystem", "/a:size=big", NULL },
        { "TemporaryFileSystem", "/a:size=10m,nr_inodes=2k", "/a:size=10m,nr_inodes=2k n=2048 size=10485760 [/a]" },
        { "TemporaryFileSystem", "/a:size=1.5M", "/a:size=1.5M size=1572864 [/a]" },
        { "TemporaryFileSystem", "/a:size=1M,size=2M", "/a:size=1M,size=2M size=2097152 [/a]" },
        { "TemporaryFileSystem", "/a:size=7E", "/a:size=7E size=8070450532247928832 [/a]" },
        { "TemporaryFileSystem", "/a:size=100%%", "/a:size=100% size=100% [/a]" },
        /* All of these are no limit, or nothing that the kernel reads. */
        { "TemporaryFileSystem", "/a:size=0", NULL },
        { "TemporaryFileSystem", "/a:size=0%%", NULL },
        { "TemporaryFileSystem", "/a:size=8E", NULL },
        { "TemporaryFileSystem", "/a:size=18446744073709551615", NULL },
        { "TemporaryFileSystem", "/a:size=18446744073709547521", NULL },
        { "TemporaryFileSystem", "/a:size=101%%", NULL },
        { "TemporaryFileSystem", "/a:size=2.5%%", NULL },
        { "TemporaryFileSystem", "/a:size=", NULL },
        { "TemporaryFileSystem", "/a:size=m", NULL },
        { "TemporaryFileSystem", "/a:nr_inodes=0", NULL },
        { "TemporaryFileSystem", "/a:nr_inodes=10%%", NULL },
        { "TemporaryFileSystem", "/a:nr_inodes=18446744073709551615", NULL },
        { "TemporaryFileSystem", "/a:suid", NULL },
        { "TemporaryFileSystem", "/a:ro:rw", NULL },
        { "TemporaryFileSystem", "/a/..", NULL },
        /* grant */
        { "GrantPaths", "/mnt/in:rw /mnt//ro/ /a:ro", "/mnt/in; /mnt/ro n=1; /a n=1" },
        { "GrantPaths", "mnt/in", NULL },
        { "GrantPaths", "/mnt/in:rx", NULL },
        { "GrantPaths", "/mnt/in:ro:ro", NULL },
        { "GrantPaths", "/in:rw", NULL },
        { "GrantPaths", "/", NULL },
        { "GrantPaths", "/mnt/..", NULL },
        /* peers */
        { "ConnectTo", "Example.org:443", "example.org:443 n=443 [example.org]" },
        { "ConnectTo", "a.b:80,443", "a.b:80 n=80 [a.b]; a.b:443 n=443 [a.b]" },
        { "ConnectTo", "10.0.0.5:5432 [2001:db8::1]:443",
          "10.0.0.5:5432 n=5432 [10.0.0.5]; [2001:db8::1]:443 n=443 [2001:db8::1]" },
        { "ConnectTo", "db:5=unix:/run/db", "db:5=unix:/run/db n=5 m=131072 [db|/run/db]" },
        { "ConnectTo", "db:5=unit:a@b.socket", "db:5=unit:a@b.socket n=5 m=524288 [db|a@b.socket]" },
        { "ConnectTo", "db:5=unit:user:a.socket#2", "db:5=unit:user:a.socket#2 n=5 m=1572866 [db|a.socket]" },
        { "ConnectTo", "db:5=unit:system:a.socket", "db:5=unit:system:a.socket n=5 m=2621440 [db|a.socket]" },
        { "ConnectTo", "db:5=unit:a.service", NULL },
        { "ConnectTo", "db:5=unit:a@.socket", NULL },
        { "ConnectTo", "db:5=unit:../a.socket", NULL },
        { "ConnectTo", "db:5=unit:a.socket#0", NULL },
        { "ConnectTo", "db:5=unit:a.socket#", NULL },
        { "ConnectTo", "db:5/udp=unit:a.socket", NULL },
        { "ConnectTo", "db:5=c.d:6", "db:5=c.d:6 n=5 m=6 [db|c.d]" },
        { "ConnectTo", "db:5=private", "db:5=private n=5 m=65536 [db]" },
        { "ConnectTo", "a", NULL },
        { "ConnectTo", "a:", NULL },
        { "ConnectTo", "a:0", NULL },
        { "ConnectTo", "a:65536", NULL },
        { "ConnectTo", "a:1,", NULL },
        { "ConnectTo", "a:1,,2", NULL },
        { "ConnectTo", ":1", NULL },
        { "ConnectTo", "a..b:1", NULL },
        { "ConnectTo", "a.:1", NULL },
        { "ConnectTo", "2001:db8::1:443", NULL },
        { "ConnectTo", "[10.0.0.1]:443", NULL },
        { "ConnectTo", "[2001:db8::1]443", NULL },
        { "ConnectTo", "127.1:80", NULL }, /* resolvers take it for an address */
        { "ConnectTo", "0x7f000001:80", NULL },
        { "ConnectTo", "*.A.b:443", "*.a.b:443 n=443 [*.a.b]" },
        { "ConnectTo", "*.a.b:443=c:1", "*.a.b:443=c:1 n=443 m=1 [*.a.b|c]" },
        { "ConnectTo", "*:443", NULL },
        { "ConnectTo", "*.:443", NULL },
        { "ConnectTo", "*.0.1:443", NULL }, /* 10.0.0.1 would match */
        { "ConnectTo", "a.*.b:443", NULL },
        { "ConnectTo", "*.a:443/udp", NULL },
        { "ConnectTo", "a:443=*.b:443", NULL },
        { "ConnectTo", "a:1=unix:db", NULL },
        { "ConnectTo", "a:1,1/udp", "a:1 n=1 [a]; a:1/udp n=1 m=262144 [a]" },
        { "ConnectTo", "a:1/udp=unix:/run/db", NULL },
        { "ConnectTo", "a:1/sctp", NULL },
        { "ConnectTo", "a:/udp", NULL },
        { "FlowsMax", "64", "64 n=64" },
        { "FlowsMax", "0", NULL },
        { "FlowsMax", "100001", NULL },
        { "ConnectTo", "a:1=b", NULL },
        { "ConnectTo", "a:1=b:1,2", NULL },
        /* listen */
        { "ListenOn", "8080", "127.0.0.1:8080=8080 n=8080 m=8080 [127.0.0.1]" },
        { "ListenOn", "0.0.0.0:80=8080 [::]:443=8443",
          "0.0.0.0:80=8080 n=80 m=8080 [0.0.0.0]; [::]:443=8443 n=443 m=8443 [::]" },
        { "ListenOn", "[2001:0db8::0]:1", "[2001:db8::]:1=1 n=1 m=1 [2001:db8::]" },
        { "ListenOn", "80,proxy", "127.0.0.1:80=80,proxy n=80 m=65616 [127.0.0.1]" },
        { "ListenOn", "unix:/run//x.sock=80,proxy", "unix:/run/x.sock=80,proxy m=196688 [/run/x.sock]" },
        { "ListenOn", "unix:/run/a=b=80", "unix:/run/a=b=80 m=131152 [/run/a=b]" },
        { "ListenOn", "unix:/run/x.sock", NULL },
        { "ListenOn", "unix:x=80", NULL },
        { "ListenOn", "0", NULL },
        { "ListenOn", "65536", NULL },
        { "ListenOn", "80=", NULL },
        { "ListenOn", "80=0", NULL },
        { "ListenOn", "80,other", NULL },
        { "ListenOn", "www:80", NULL },
        { "ListenOn", "127.1:80", NULL },
        { "ListenOn", "::1:80", NULL },
        { "ListenOn", "[127.0.0.1]:80", NULL },
        { "ListenOn", "[::1]80", NULL },
        { "ListenOn", "[::1]", NULL },
        { "ListenOn", "[::1:80", NULL },
        /* private_users, protect_home, protect_proc, proc_subset */
        { "PrivateUsers", "self", "self" },
        { "PrivateUsers", "false", "no n=2" },
        { "PrivateUsers", "yes", NULL },
        { "ProtectHome", "read-only", "read-only n=2" },
        { "ProtectHome", "1", "yes" },
        { "ProtectHome", "readonly", NULL },
        { "ProtectProc", "invisible", "invisible n=2" },
        { "ProtectProc", "yes", NULL },
        { "ProcSubset", "pid", "pid n=1" },
        { "ProcSubset", "none", NULL },
        /* user */
        { "User", "www-data", "www-data" },
        { "User", "1000", "1000" },
        { "User", "%u", "ada" },
        { "User", "a b", NULL },
        { "User", "a:b", NULL },
        { "User", "a/b", NULL },
        { "User", "a\x01", NULL },
        { "User", "a%", NULL },
        /* working_directory */
        { "WorkingDirectory", "~", "~ n=1" },
        { "WorkingDirectory", "/srv", "/srv" },
        { "WorkingDirectory", "-/srv/x", "/srv/x optional" },
        { "WorkingDirectory", "srv", NULL },
        { "WorkingDirectory", "~/x", NULL },
        { "WorkingDirectory", "/a /b", "/a /b" }, /* one path, as in systemd */
        /* environment, variable_names, unset_environment */
        { "Environment", "A=1 \"B=x y\" C=", "A=1; B=x y; C=" },
        { "Environment", "A=%u=%%", "A=ada=%" },
        { "Environment", "A", NULL },
        { "Environment", "=1", NULL },
        { "Environment", "1A=1", NULL },
        { "Environment", "A-B=1", NULL },
        { "Environment", "A='x", NULL },
        { "PassEnvironment", "A _b C9", "A; _b; C9" },
        { "PassEnvironment", "A=1", NULL },
        { "PassEnvironment", "9C", NULL },
        { "PassEnvironment", "A*", NULL },
        { "UnsetEnvironment", "A B=1", "A; B=1" },
        { "UnsetEnvironment", "=", NULL },
        { "UnsetEnvironment", "-", NULL },
        /* mode, nice */
        { "UMask", "0077", "0077 n=63" },
        { "UMask", "0", "0" },
        { "UMask", "10000", NULL },
        { "UMask", "u=rwx", NULL },
        { "Nice", "-20", "-20 n=-20" },
        { "Nice", "19", "19 n=19" },
        { "Nice", "20", NULL },
        { "Nice", "-21", NULL },
        { "Nice", "low", NULL },
        /* standard_input, standard_output */
        { "StandardInput", "null", "null n=1" },
        { "StandardInput", "inherit", "inherit" },
        { "StandardInput", "file:/a//b", "file:/a//b n=3 [/a/b]" },
        { "StandardInput", "journal", NULL },
        { "StandardInput", "append:/a", NULL },
        { "StandardInput", "file:", NULL },
        { "StandardInput", "file:a", NULL },
        { "StandardInput", "nullx", NULL },
        { "StandardOutput", "journal", "journal n=2" },
        { "StandardOutput", "append:%h/log", "append:/home/ada/log n=4 [/home/ada/log]" },
        { "StandardOutput", "truncate:/log", "truncate:/log n=5 [/log]" },
        { "StandardOutput", "file:/a/../b", NULL },
        { "StandardOutput", "tty", NULL },
        { "StandardOutput", "append", NULL },
        { "Program", "ignore", "ignore n=1" },
        { "Program", "narrow", "narrow" },
        { "Program", "no", NULL },
        { "Terminal", "private", "private" },
        { "Terminal", "shared", "shared n=1" },
        { "Terminal", "yes", NULL },
};

static const Case limit_cases[] = {
        { "LimitNOFILE", "10:20", "10:20 n=10 m=20" },
        { "LimitNOFILE", "7", "7 n=7 m=7" },
        { "LimitNOFILE", "0:infinity", "0:infinity m=-1" },
        { "LimitNOFILE", "infinity", "infinity n=-1 m=-1" },
        { "LimitNOFILE", "20:10", NULL },
        { "LimitNOFILE", "1K", NULL },
        { "LimitNOFILE", ":", NULL },
        { "LimitNOFILE", "1:2:3", NULL },
        { "LimitNOFILE", "-1", NULL },
        { "LimitAS", "1K:2K", "1K:2K n=1024 m=2048" },
        { "LimitAS", "1x", NULL },
        { "LimitCPU", "10", "10 n=10 m=10" },
        { "LimitCPU", "2min", "2min n=120 m=120" },
        { "LimitCPU", "1ms", "1ms n=1 m=1" },                                   /* rounded up: 0 would kill */
        { "LimitCPU", "18446744073709s", "18446744073709s n=18446744073709 m=18446744073709" },
        { "LimitCPU", "fast", NULL },
        { "LimitRTTIME", "500", "500 n=500 m=500" },
        { "LimitRTTIME", "1ms", "1ms n=1000 m=1000" },
        { "LimitRTTIME", "x", NULL },
        { "LimitNICE", "+5", "+5 n=15 m=15" },
        { "LimitNICE", "+19:-20", "+19:-20 n=1 m=40" },
        { "LimitNICE", "30", "30 n=30 m=30" },
        { "LimitNICE", "41", NULL },
        { "LimitNICE", "+20", NULL },
        { "LimitNICE", "-21", NULL },
};

static const Case set_cases[] = {
        /* capabilities */
        { "CapabilityBoundingSet", "CAP_CHOWN cap_kill", "CAP_CHOWN; cap_kill n=5" },
        { "CapabilityBoundingSet", "~CAP_KILL", "CAP_KILL n=5 inverted" },
        { "CapabilityBoundingSet", "~", " inverted" },
        { "CapabilityBoundingSet", "CAP_FLY", NULL },
        { "CapabilityBoundingSet", "CHOWN", NULL },
        { "CapabilityBoundingSet", "63", NULL },
        { "CapabilityBoundingSet", "64", NULL },
        { "CapabilityBoundingSet", "CAP_CHOWN ~CAP_KILL", NULL },
        { "CapabilityBoundingSet", "CAP_CHOWN,CAP_KILL", NULL },
        { "CapabilityBoundingSet", "CAP_CHOWN+ep", NULL },
        { "CapabilityBoundingSet", "''", NULL },
        /* system_calls */
        { "SystemCallFilter", "read @clock", "read [read]; @clock [@clock]" },
        { "SystemCallFilter", "~ read:EACCES", "read:EACCES n=13 m=1 inverted [read]" },
        { "SystemCallFilter", "~@clock:1", "@clock:1 n=1 m=1 inverted [@clock]" },
        { "SystemCallFilter", "~", " inverted" },
        { "SystemCallFilter", "fly", NULL },
        { "SystemCallFilter", "@flying", NULL },
        { "SystemCallFilter", "@", NULL },
        { "SystemCallFilter", "read:EWHAT", NULL },
        { "SystemCallFilter", "read:", NULL },
        { "SystemCallFilter", ":EPERM", NULL },
        { "SystemCallFilter", "~chmod:0", NULL }, /* would allow the call */
        { "SystemCallFilter", "chmod:0", NULL },
        { "SystemCallFilter", "~~read", NULL },
        { "SystemCallFilter", "''", NULL },
        /* error_number */
        { "SystemCallErrorNumber", "EACCES", "EACCES n=13" },
        { "SystemCallErrorNumber", "1", "1 n=1" },
        { "SystemCallErrorNumber", "0", NULL },
        { "SystemCallErrorNumber", "kill", NULL },
        { "SystemCallErrorNumber", "4096", NULL },
        /* architectures */
        { "SystemCallArchitectures", "native", "native" },
        { "SystemCallArchitectures", "x86-64 arm64", "x86-64 n=3221225534; arm64 n=3221225655" },
        { "SystemCallArchitectures", "x86", "x86 n=1073741827" },
        { "SystemCallArchitectures", "pdp11", NULL },
        { "SystemCallArchitectures", "~native", NULL },
        { "SystemCallArchitectures", "''", NULL },
        /* families */
        { "RestrictAddressFamilies", "AF_UNIX AF_INET6", "AF_UNIX n=1; AF_INET6 n=10" },
        { "RestrictAddressFamilies", "~AF_PACKET", "AF_PACKET n=17 inverted" },
        { "RestrictAddressFamilies", "none", "" },
        { "RestrictAddressFamilies", "~", " inverted" },
        { "RestrictAddressFamilies", "AF_MARS", NULL },
        { "RestrictAddressFamilies", "INET", NULL },
        { "RestrictAddressFamilies", "~none", NULL },
        { "RestrictAddressFamilies", "AF_INET none", NULL },
        /* namespaces */
        { "RestrictNamespaces", "yes", "" },
        { "RestrictNamespaces", "0", " inverted" },
        { "RestrictNamespaces", "net ipc", "net n=1073741824; ipc n=134217728" },
        { "RestrictNamespaces", "~user", "user n=268435456 inverted" },
        { "RestrictNamespaces", "mount", NULL },
        { "RestrictNamespaces", "~yes", NULL },
};

static const struct {
        const Case *cases;
        size_t n;
} tables[] = {
        { policy_cases, ELEMENTSOF(policy_cases) },   { scope_cases, ELEMENTSOF(scope_cases) },
        { sandbox_cases, ELEMENTSOF(sandbox_cases) }, { limit_cases, ELEMENTSOF(limit_cases) },
        { set_cases, ELEMENTSOF(set_cases) },
};

static void check_good(const char *what, const Policy *policy, const Case *c) {
        char nice[32];

        snprintf(nice, sizeof(nice), "Nice n=%d", (int) D_Nice);
        expect_values(what, policy, c->directive, streq(c->values, "Nice n=D_Nice") ? nice : c->values);
}

/* An error names the place and the key, and shows part of the text or says what is missing. */
static void check_bad(const char *what, Log *log, const Case *c) {
        char start[128];

        snprintf(start, sizeof(start), "error: test.conf:7: %s=: ", c->directive);
        expect_in(what, log_text(log), start);
        expect_number(what, log->report.n_errors, 1);
}

static void check_case(const Case *c) {
        _cleanup_(policy_freep) Policy *policy = test_policy();
        char what[512];
        Log log;

        log_init(&log);
        snprintf(what, sizeof(what), "%s=%s", c->directive, c->text);
        expect_result(what, test_assign(policy, &log, c->directive, c->text), c->values ? 0 : -EBADMSG);
        if (c->values)
                check_good(what, policy, c);
        else
                check_bad(what, &log, c);
        log_deinit(&log);
}

static void check_table(const Case *cases, size_t n) {
        for (size_t i = 0; i < n; i++)
                check_case(&cases[i]);
}

static void test_policy_types(_unused_ void **state) {
        check_table(policy_cases, ELEMENTSOF(policy_cases));
}

static void test_scope_types(_unused_ void **state) {
        check_table(scope_cases, ELEMENTSOF(scope_cases));
}

static void test_sandbox_types(_unused_ void **state) {
        check_table(sandbox_cases, ELEMENTSOF(sandbox_cases));
}

static void test_limits(_unused_ void **state) {
        check_table(limit_cases, ELEMENTSOF(limit_cases));
}

static void test_sets(_unused_ void **state) {
        check_table(set_cases, ELEMENTSOF(set_cases));
}

static bool has_case(const ValueType *type, bool good) {
        for (size_t t = 0; t < ELEMENTSOF(tables); t++)
                for (size_t i = 0; i < tables[t].n; i++) {
                        const Case *c = &tables[t].cases[i];

                        if (directive_find(c->directive)->type == type && !c->values == !good)
                                return true;
                }
        return false;
}

/* A new type needs a case of both kinds. */
static void test_all_types_covered(_unused_ void **state) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const Directive *d = &directive_table[id];

                if (!has_case(d->type, true) || !has_case(d->type, false))
                        fail_msg("no good or no bad case for %s (%s)", d->type->syntax, d->name);
        }
}

static void check_choice(const Directive *d, const char *choice) {
        _cleanup_(policy_freep) Policy *policy = test_policy();
        _cleanup_free_ char *text = NULL;
        Log log;

        log_init(&log);
        assert_true(asprintf(&text, "%s%s", choice, endswith(choice, ":") ? "/a" : "") > 0);
        expect_result(text, test_assign(policy, &log, d->name, text), 0);
        log_deinit(&log);
}

/* Each choice of completion is accepted. */
static void test_choices(_unused_ void **state) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++) {
                const Directive *d = &directive_table[id];

                for (const char *const *c = d->type->choices; c && *c; c++)
                        check_choice(d, *c);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_policy_types),      cmocka_unit_test(test_scope_types),
                cmocka_unit_test(test_sandbox_types),     cmocka_unit_test(test_limits),
                cmocka_unit_test(test_sets),              cmocka_unit_test(test_all_types_covered),
                cmocka_unit_test(test_choices),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
