// SPDX-License-Identifier: Apache-2.0
// The conversation between launch (parent half) and init or join (child half) over a SEQPACKET
// pair. The ends are of two types: neither can send what only the other may. Closing early is an
// error for the peer: nobody waits for the dead. An execve(2) is seen as end of stream.
//      parent                                 child
//        | <------------------------ NeedMap    |  only a stage, after unshare(CLONE_NEWUSER)
//        | Mapped ------------------------->    |  only when the child asked or waits for its ids
//        | <------------------------ InitPid    |  only a stage: the pid of the real init
//        | Proceed ------------------------>    |  ids mapped, cgroup joined
//        | Filter -------------------------->   |  only with seccomp
//        | <------------------------ HooksDue   |  only with prestart or createRuntime hooks
//        | HooksDone ----------------------->   |
//        | <------------------------ Terminal   |  only with a terminal relayed by the parent
//        | <------------------------ Listener   |  only with seccomp rules that notify
//        | <------------------------ Ready      |  all is set up and the executable was found
//        | Created ------------------------->   |  or, by `create`: init goes on without us
//        | Start --------------------------->   |  after Created: by `start`, once it heard Ready
//        | <------- Failed or end of stream     |  execve failed, or worked
//      At any point the child may send Failed instead, and ends.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <array>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace dhow::oci {

enum class ParentMessage : char {
    Mapped = 'm',
    Proceed = 'p',
    Filter = 'f',
    HooksDone = 'h',
    Created = 'c',
    Start = 's'
};
// The order of declaration is the order of the conversation; Failed may come at any time.
enum class ChildMessage : char { NeedMap, InitPid, HooksDue, Terminal, Listener, Ready, Failed };

// Refuses messages that come twice or too early: a child that speaks out of order is not trusted.
class ChildOrder {
  public:
    Status accept(ChildMessage message);

  private:
    int last_ = -1;
};

class ParentEnd {
  public:
    explicit ParentEnd(UniqueFd socket) : socket_(std::move(socket)) {}

    struct Received {
        ChildMessage type = ChildMessage::Failed;
        pid_t pid = 0;      // InitPid
        UniqueFd terminal;  // Terminal
        UniqueFd listener;  // Listener
    };

    Status send(ParentMessage message, std::string_view bytes = {});
    // The next message; what a Failed carries comes back as the error. End of stream is an error
    // that says the child died.
    Result<Received> receive();
    // After Start: success at end of stream.
    Status await_exec();

    void close() { socket_.reset(); }

  private:
    UniqueFd socket_;
    ChildOrder order_;
};

class ChildEnd {
  public:
    explicit ChildEnd(UniqueFd socket) : socket_(std::move(socket)) {}

    // Waits for `wanted` and gives its bytes; a Filter that comes before is kept for filter().
    Result<std::string> wait_for(ParentMessage wanted);

    Status need_map() { return send(ChildMessage::NeedMap); }

    Status init_pid(pid_t pid) { return send(ChildMessage::InitPid, std::to_string(pid)); }

    Status hooks_due() { return send(ChildMessage::HooksDue); }

    Status terminal(int master) { return send(ChildMessage::Terminal, {}, master); }

    // One sendmsg(2) and nothing else: the filter is in force.
    Status listener(int listener) { return send(ChildMessage::Listener, {}, listener); }

    Status ready() { return send(ChildMessage::Ready); }

    void failed(const Error& error) noexcept;

    // From now on failures are told over another socket (that of `start`).
    void replace(UniqueFd socket) { socket_ = std::move(socket); }

    [[nodiscard]] int fd() const { return socket_.get(); }

  private:
    Status send(ChildMessage type, std::string_view bytes = {}, int fd = -1);

    UniqueFd socket_;
    std::string filter_;
    bool has_filter_ = false;
};

struct SyncPair {
    ParentEnd parent;
    ChildEnd child;
};

Result<SyncPair> make_sync_pair();

}  // namespace dhow::oci
