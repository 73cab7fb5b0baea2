// SPDX-License-Identifier: Apache-2.0
// Three lists, from narrow to wide. Two verdicts besides "allowed": a call that honest library code
// makes and can do without fails with an error; any other ends the process.
#include "jail/filter.hpp"

#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "jail/jail.hpp"

namespace cupel::jail {
namespace {

// libseccomp: errors are negative errno values.
class Filter {
public:
    explicit Filter(std::uint32_t otherwise) : context_(seccomp_init(otherwise), seccomp_release) {
        if (context_ == nullptr) error_ = ENOMEM;
        // Calls by the 32-bit entry points (int 0x80, x32) would slip past numbers meant for 64
        // bits.
        note(seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
        note(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
    }

    void allow(std::span<const int> calls) {
        for (const int call : calls)
            rule(SCMP_ACT_ALLOW, call, {});
    }
    // Allowed if all conditions hold.
    void allow_if(int call, std::initializer_list<scmp_arg_cmp> conditions) {
        rule(SCMP_ACT_ALLOW, call, {conditions.begin(), conditions.size()});
    }
    void refuse(int call, std::uint16_t error_number) {
        rule(SCMP_ACT_ERRNO(error_number), call, {});
    }
    void refuse_if(int call, std::uint16_t error_number,
                   std::initializer_list<scmp_arg_cmp> conditions) {
        rule(SCMP_ACT_ERRNO(error_number), call, {conditions.begin(), conditions.size()});
    }

    [[nodiscard]] Result<os::Fd> compile(std::string_view name) const {
        if (error_ != 0) return fail_errno("build the system-call filter", error_);
        // A file that grows while it is exported, copied to one that never will.
        const os::Fd draft(memfd_create("filter", MFD_CLOEXEC));
        const int exported = seccomp_export_bpf(context_.get(), draft.get());
        if (!draft.valid() || exported != 0) return fail_errno("export the filter", -exported);
        std::string code(static_cast<std::size_t>(lseek(draft.get(), 0, SEEK_END)), '\0');
        if (pread(draft.get(), code.data(), code.size(), 0) != static_cast<ssize_t>(code.size())) {
            return fail_errno("read the filter");
        }
        return os::make_sealed_file(name, code);
    }

private:
    void rule(std::uint32_t action, int call, std::span<const scmp_arg_cmp> conditions) {
        note(seccomp_rule_add_array(context_.get(), action, call,
                                    static_cast<unsigned>(conditions.size()), conditions.data()));
    }
    void note(int result) {
        if (result != 0 && error_ == 0) error_ = -result;
    }

    std::unique_ptr<void, decltype(&seccomp_release)> context_;
    int error_ = 0;
};

constexpr scmp_arg_cmp argument_is(unsigned index, std::uint64_t value) {
    return {index, SCMP_CMP_EQ, value, 0};
}
// Flag words are ints: their upper half is not looked at.
constexpr scmp_arg_cmp argument_has(unsigned index, int mask, int value) {
    return {index, SCMP_CMP_MASKED_EQ, static_cast<std::uint32_t>(mask),
            static_cast<std::uint32_t>(value)};
}

// Loading a library, allocating, threads and locks of OpenMP, waiting on the bell. Nothing else.
void allow_kernel(Filter& filter) {
    filter.allow(std::array{SCMP_SYS(read),
                            SCMP_SYS(pread64),
                            SCMP_SYS(close),
                            SCMP_SYS(fstat),
                            SCMP_SYS(newfstatat),
                            SCMP_SYS(lseek),
                            SCMP_SYS(mprotect),
                            SCMP_SYS(munmap),
                            SCMP_SYS(mremap),
                            SCMP_SYS(brk),
                            SCMP_SYS(rt_sigprocmask),
                            SCMP_SYS(rt_sigreturn),
                            SCMP_SYS(exit),
                            SCMP_SYS(exit_group),
                            SCMP_SYS(set_robust_list),
                            SCMP_SYS(rseq),
                            SCMP_SYS(sched_yield),
                            SCMP_SYS(sched_getaffinity),
                            SCMP_SYS(sched_getparam),
                            SCMP_SYS(sched_getscheduler),
                            SCMP_SYS(sched_get_priority_max),
                            SCMP_SYS(sched_get_priority_min),
                            SCMP_SYS(getpid),
                            SCMP_SYS(gettid),
                            SCMP_SYS(getcpu),
                            SCMP_SYS(clock_gettime),
                            SCMP_SYS(clock_getres),
                            SCMP_SYS(gettimeofday),
                            SCMP_SYS(clock_nanosleep),
                            SCMP_SYS(restart_syscall),
                            SCMP_SYS(getrandom)});
    filter.allow_if(SCMP_SYS(openat), {argument_has(2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)});
    for (const std::uint64_t fd : {1UL, 2UL}) {
        filter.allow_if(SCMP_SYS(write), {argument_is(0, fd)});
        filter.allow_if(SCMP_SYS(writev), {argument_is(0, fd)});
    }
    // Private memory only, and of ordinary pages: huge or locked ones are taken from the baseline.
    filter.allow_if(SCMP_SYS(mmap),
                    {argument_has(3, MAP_TYPE | MAP_HUGETLB | MAP_LOCKED, MAP_PRIVATE)});
    for (const int advice : {MADV_NORMAL, MADV_DONTNEED, MADV_FREE, MADV_NOHUGEPAGE}) {
        filter.allow_if(SCMP_SYS(madvise), {argument_is(2, static_cast<std::uint32_t>(advice))});
    }
    // No priority inheritance: it would let a contender raise the priority of its threads.
    for (const int operation : {FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE,
                                FUTEX_WAKE_OP, FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET}) {
        filter.allow_if(SCMP_SYS(futex), {argument_has(1, FUTEX_CMD_MASK, operation)});
    }
    // Exactly what pthread_create asks for, so never a process and never a namespace.
    constexpr std::uint64_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM |
                                      CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS |
                                      CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    filter.allow_if(SCMP_SYS(clone), {argument_is(0, kThread)});
    for (const std::uint64_t option : {std::uint64_t{PR_SET_NAME}, std::uint64_t{PR_GET_NAME}})
        filter.allow_if(SCMP_SYS(prctl), {argument_is(0, option)});
    filter.allow_if(SCMP_SYS(prlimit64), {argument_is(0, 0), argument_is(2, 0)});
    // Asking for the tile registers, which the contender has done already.
    for (const std::uint64_t request :
         {std::uint64_t{ARCH_GET_XCOMP_PERM}, std::uint64_t{ARCH_REQ_XCOMP_PERM}})
        filter.allow_if(SCMP_SYS(arch_prctl), {argument_is(0, request)});
}

// The flags of clone3 lie in memory, out of sight; without it the C library falls back to clone.
void hide_clone3(Filter& filter) {
    filter.refuse(SCMP_SYS(clone3), ENOSYS);
}

// What honest kernels ask for in the hope of speed, and do without where they are told no: pinned
// threads, locked or huge pages, pages fetched ahead, where memory lies, barriers for all threads.
void refuse_favours(Filter& filter) {
    for (const int call :
         {SCMP_SYS(sched_setaffinity), SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock),
          SCMP_SYS(get_mempolicy), SCMP_SYS(membarrier), SCMP_SYS(mincore)}) {
        filter.refuse(call, EPERM);
    }
    constexpr int kCollapse = 25;  // MADV_COLLAPSE, of Linux 6.1
    for (const int advice :
         {MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_HUGEPAGE, MADV_POPULATE_READ,
          MADV_POPULATE_WRITE, MADV_DONTDUMP, MADV_DODUMP, MADV_COLD, kCollapse}) {
        filter.refuse_if(SCMP_SYS(madvise), EPERM,
                         {argument_is(2, static_cast<std::uint32_t>(advice))});
    }
    filter.refuse_if(SCMP_SYS(prctl), EPERM, {argument_is(0, PR_SET_TIMERSLACK)});
    // The ordinary scheduler only, which a thread has already.
    filter.refuse_if(SCMP_SYS(sched_setscheduler), EPERM, {argument_is(1, SCHED_OTHER)});
}

// Code that times itself by what it used; the clocks are there for that.
void refuse_usage(Filter& filter) {
    for (const int call : {SCMP_SYS(getrusage), SCMP_SYS(times)}) {
        filter.refuse(call, EPERM);
    }
}

// abort() and printf() of honest code, its looks for files, and who it is, come by here; what they
// ask for is refused, and they go on.
void refuse_politely(Filter& filter) {
    for (const int call :
         {SCMP_SYS(rt_sigaction), SCMP_SYS(tgkill), SCMP_SYS(ioctl), SCMP_SYS(sysinfo),
          SCMP_SYS(uname), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
          SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(getuid),
          SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getppid)}) {
        filter.refuse(call, EPERM);
    }
}

// A trap, so that the contender can name the call before it dies; nothing denied is ever done.
std::uint32_t denial(bool lenient) {
    return lenient ? SCMP_ACT_ERRNO(EACCES) : SCMP_ACT_TRAP;
}

}  // namespace

Result<os::Fd> contender_filter(bool lenient) {
    Filter filter(denial(lenient));
    allow_kernel(filter);
    hide_clone3(filter);
    refuse_favours(filter);
    refuse_usage(filter);
    refuse_politely(filter);
    return filter.compile("contender-filter");
}

Result<os::Fd> program_filter(bool lenient) {
    // A trap here too: of two filters the stricter verdict counts. Until a program handles it, it
    // kills.
    Filter filter(denial(lenient));
    allow_kernel(filter);
    hide_clone3(filter);
    refuse_favours(filter);
    refuse_usage(filter);
    filter.allow(
        std::array{SCMP_SYS(execve),       SCMP_SYS(access),          SCMP_SYS(faccessat),
                   SCMP_SYS(faccessat2),   SCMP_SYS(readlink),        SCMP_SYS(readlinkat),
                   SCMP_SYS(arch_prctl),   SCMP_SYS(set_tid_address), SCMP_SYS(sigaltstack),
                   SCMP_SYS(rt_sigaction), SCMP_SYS(tgkill),          SCMP_SYS(sysinfo),
                   SCMP_SYS(uname),        SCMP_SYS(seccomp),         SCMP_SYS(close_range),
                   SCMP_SYS(getuid),       SCMP_SYS(geteuid),         SCMP_SYS(getgid),
                   SCMP_SYS(getegid),      SCMP_SYS(getppid),         SCMP_SYS(getcwd)});
    filter.allow_if(SCMP_SYS(mmap), {argument_has(3, MAP_TYPE, MAP_SHARED)});
    filter.allow_if(SCMP_SYS(prctl), {argument_is(0, PR_SET_NO_NEW_PRIVS)});
    filter.allow_if(SCMP_SYS(ioctl), {argument_is(1, TCGETS)});
    return filter.compile("program-filter");
}

namespace {

// Without sockets, namespaces, mounts, tracing, keys, priorities, timers of the kernel, io_uring.
void allow_compiler(Filter& filter) {
    allow_kernel(filter);
    filter.allow(std::array{
        // files
        SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(creat), SCMP_SYS(write), SCMP_SYS(writev),
        SCMP_SYS(readv), SCMP_SYS(pwrite64), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(statx),
        SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat),
        SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd),
        SCMP_SYS(chdir), SCMP_SYS(fchdir), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir),
        SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat),
        SCMP_SYS(renameat2), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(symlink),
        SCMP_SYS(symlinkat), SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(umask),
        SCMP_SYS(truncate), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fsync),
        SCMP_SYS(fdatasync), SCMP_SYS(utimensat), SCMP_SYS(getdents64), SCMP_SYS(fcntl),
        SCMP_SYS(flock), SCMP_SYS(ioctl), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
        SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select),
        SCMP_SYS(pselect6), SCMP_SYS(close_range), SCMP_SYS(fadvise64), SCMP_SYS(sendfile),
        SCMP_SYS(copy_file_range),
        // memory
        SCMP_SYS(mmap), SCMP_SYS(madvise), SCMP_SYS(msync), SCMP_SYS(mincore),
        // processes
        SCMP_SYS(execve), SCMP_SYS(vfork), SCMP_SYS(fork), SCMP_SYS(wait4), SCMP_SYS(waitid),
        SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigsuspend),
        SCMP_SYS(sigaltstack), SCMP_SYS(set_tid_address), SCMP_SYS(arch_prctl), SCMP_SYS(getppid),
        SCMP_SYS(getpgrp), SCMP_SYS(getpgid), SCMP_SYS(setpgid), SCMP_SYS(getuid),
        SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getgroups),
        SCMP_SYS(getrlimit), SCMP_SYS(setrlimit), SCMP_SYS(prlimit64), SCMP_SYS(getrusage),
        SCMP_SYS(times), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(nanosleep), SCMP_SYS(prctl),
        SCMP_SYS(futex)});
    constexpr int kNamespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;
    filter.allow_if(SCMP_SYS(clone), {argument_has(0, kNamespaces, 0)});
}

}  // namespace

Result<os::Fd> compiler_filter() {
    Filter filter(SCMP_ACT_ERRNO(ENOSYS));
    allow_compiler(filter);
    return filter.compile("compiler-filter");
}

Result<os::Fd> gpu_filter() {
    Filter filter(SCMP_ACT_ERRNO(ENOSYS));
    allow_compiler(filter);
    filter.allow(std::array{SCMP_SYS(eventfd2), SCMP_SYS(memfd_create), SCMP_SYS(get_mempolicy),
                            SCMP_SYS(set_mempolicy), SCMP_SYS(mbind), SCMP_SYS(membarrier),
                            SCMP_SYS(mlock), SCMP_SYS(munlock), SCMP_SYS(sched_setaffinity),
                            SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(connect), SCMP_SYS(sendto),
                            SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg),
                            SCMP_SYS(setsockopt), SCMP_SYS(shutdown)});
    for (const int call : {SCMP_SYS(socket), SCMP_SYS(socketpair)})
        filter.allow_if(call, {argument_is(0, AF_UNIX)});
    return filter.compile("gpu-filter");
}

std::string syscall_name(std::uint32_t number) {
    const std::unique_ptr<char, decltype(&std::free)> name(
        seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(number)), &std::free);
    return name != nullptr ? name.get() : "system call " + std::to_string(number);
}

}  // namespace cupel::jail
