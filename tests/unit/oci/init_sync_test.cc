// SPDX-License-Identifier: Apache-2.0
// The conversation of launch and init over a socket pair, both ends played here: its order, what it
// carries, and what each end hears when the other is gone or talks nonsense.
#include "oci/runtime/init_sync.h"

#include "base/unix_socket.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

namespace dhow::oci {
namespace {

SyncPair make_pair() {
    return make_sync_pair().take();
}

// A parent whose peer sends raw packets.
struct RawChild {
    RawChild() {
        auto [first, second] = make_socket_pair(SocketType::Packet).take();
        parent = std::make_unique<ParentEnd>(std::move(first));
        socket = std::move(second);
    }

    void say(std::string_view bytes, const std::vector<int>& fds = {}) const {
        ASSERT_TRUE(send_message(socket.get(), bytes, fds));
    }

    std::unique_ptr<ParentEnd> parent;
    UniqueFd socket;
};

TEST(InitSync, CarriesTheWholeConversation) {
    SyncPair sync = make_pair();
    const auto hears = [&](ChildMessage type) {
        auto message = sync.parent.receive();
        ASSERT_TRUE(message) << message.error().message;
        EXPECT_EQ(message->type, type);
    };
    ASSERT_TRUE(sync.child.need_map());
    hears(ChildMessage::NeedMap);
    ASSERT_TRUE(sync.parent.send(ParentMessage::Mapped));
    ASSERT_TRUE(sync.child.wait_for(ParentMessage::Mapped));
    ASSERT_TRUE(sync.child.init_pid(4321));
    auto pid = sync.parent.receive();
    ASSERT_TRUE(pid);
    EXPECT_EQ(pid->type, ChildMessage::InitPid);
    EXPECT_EQ(pid->pid, 4321);
    ASSERT_TRUE(sync.parent.send(ParentMessage::Proceed));
    ASSERT_TRUE(sync.child.wait_for(ParentMessage::Proceed));
    ASSERT_TRUE(sync.child.hooks_due());
    hears(ChildMessage::HooksDue);
    ASSERT_TRUE(sync.parent.send(ParentMessage::HooksDone));
    ASSERT_TRUE(sync.child.wait_for(ParentMessage::HooksDone));
    ASSERT_TRUE(sync.child.ready());
    hears(ChildMessage::Ready);
    ASSERT_TRUE(sync.parent.send(ParentMessage::Start));
    ASSERT_TRUE(sync.child.wait_for(ParentMessage::Start));
    sync.child.replace(UniqueFd());  // what a successful execve does
    EXPECT_TRUE(sync.parent.await_exec());
}

TEST(InitSync, ACreatedContainerIsToldAndThenStartedOverAnotherSocket) {
    SyncPair sync = make_pair();
    ASSERT_TRUE(sync.child.ready());
    ASSERT_TRUE(sync.parent.receive());
    ASSERT_TRUE(sync.parent.send(ParentMessage::Created));
    sync.parent.close();  // `create` is gone; what it said is still there
    ASSERT_TRUE(sync.child.wait_for(ParentMessage::Created));

    SyncPair start = make_pair();
    sync.child.replace(UniqueFd(::fcntl(start.child.fd(), F_DUPFD_CLOEXEC, 0)));
    start.child.replace(UniqueFd());
    ASSERT_TRUE(sync.child.ready());
    auto answer = start.parent.receive();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->type, ChildMessage::Ready);
    sync.child.replace(UniqueFd());
    EXPECT_TRUE(start.parent.await_exec());
}

// The runtime was killed before it stored the state: nobody could find this container any more.
TEST(InitSync, WhatWasNeverStoredDoesNotWaitForStart) {
    for (const bool heard : {true, false}) {
        SyncPair sync = make_pair();
        ASSERT_TRUE(sync.child.ready());
        if (heard) {
            ASSERT_TRUE(sync.parent.receive());
        }
        sync.parent.close();
        EXPECT_FALSE(sync.child.wait_for(ParentMessage::Created));
    }
}

TEST(InitSync, TheChildTakesOnlyWhatItWaitsFor) {
    const ParentMessage all[] = {ParentMessage::Mapped,
                                 ParentMessage::Proceed,
                                 ParentMessage::HooksDone,
                                 ParentMessage::Created,
                                 ParentMessage::Start};
    for (const ParentMessage sent : all) {
        for (const ParentMessage wanted : all) {
            SyncPair sync = make_pair();
            ASSERT_TRUE(sync.parent.send(sent));
            EXPECT_EQ(sync.child.wait_for(wanted).has_value(), sent == wanted)
                << static_cast<char>(sent) << " for " << static_cast<char>(wanted);
        }
    }
}

TEST(InitSync, NonsenseFromTheParentIsAnError) {
    for (const std::string& packet :
         {std::string("x"), std::string(1, '\0'), std::string("P"), std::string(70000, 'z')}) {
        auto [first, second] = make_socket_pair(SocketType::Packet).take();
        ChildEnd child(std::move(second));
        ASSERT_TRUE(send_message(first.get(), packet));
        EXPECT_FALSE(child.wait_for(ParentMessage::Proceed)) << packet.substr(0, 4);
    }
}

TEST(InitSync, WhatIsTooLongIsNoShorterMessage) {
    const RawChild child;
    child.say("4" + std::string(40000, ' '));
    EXPECT_FALSE(child.parent->receive());
    const RawChild twice;
    twice.say("1" + std::string(20000, '7'));
    EXPECT_FALSE(twice.parent->receive());
}

TEST(InitSync, DescriptorsThatNobodyAskedForAreClosed) {
    const auto count = [] {
        int open = 0;
        for (int fd = 0; fd < 256; ++fd) open += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
        return open;
    };
    const RawChild child;
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int before = count();
    child.say("2", {null.get(), null.get(), null.get()});
    ASSERT_TRUE(child.parent->receive());
    EXPECT_EQ(count(), before);
}

TEST(InitSync, AFilterMayComeBeforeItIsAskedFor) {
    SyncPair sync = make_pair();
    const std::string program(32768, '\x06');  // the largest the kernel takes
    ASSERT_TRUE(sync.parent.send(ParentMessage::Proceed));
    ASSERT_TRUE(sync.parent.send(ParentMessage::Filter, program));
    ASSERT_TRUE(sync.parent.send(ParentMessage::HooksDone));
    ASSERT_TRUE(sync.child.wait_for(ParentMessage::Proceed));
    ASSERT_TRUE(sync.child.wait_for(ParentMessage::HooksDone));
    const auto filter = sync.child.wait_for(ParentMessage::Filter);
    ASSERT_TRUE(filter);
    EXPECT_EQ(*filter, program);
}

TEST(InitSync, AFilterIsWaitedForWhenItIsLate) {
    SyncPair sync = make_pair();
    ASSERT_TRUE(sync.parent.send(ParentMessage::Filter, std::string("\0\1\2", 3)));
    const auto filter = sync.child.wait_for(ParentMessage::Filter);
    ASSERT_TRUE(filter);
    EXPECT_EQ(*filter, std::string("\0\1\2", 3));
}

TEST(InitSync, TheChildRefusesAParentOutOfOrder) {
    SyncPair sync = make_pair();
    ASSERT_TRUE(sync.parent.send(ParentMessage::Start));
    const auto waited = sync.child.wait_for(ParentMessage::Proceed);
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().kind, ErrorKind::Internal);
    EXPECT_NE(waited.error().message.find("out of order"), std::string::npos);
}

TEST(InitSync, ASecondFilterIsNotWaitedForTwice) {
    SyncPair sync = make_pair();
    ASSERT_TRUE(sync.parent.send(ParentMessage::Filter, "one"));
    ASSERT_TRUE(sync.parent.send(ParentMessage::Proceed));
    ASSERT_TRUE(sync.child.wait_for(ParentMessage::Proceed));
    EXPECT_EQ(sync.child.wait_for(ParentMessage::Filter).value_or(""), "one");
    sync.parent.close();
    // The one that was kept has been handed out: an empty one would load as no filter at all.
    EXPECT_FALSE(sync.child.wait_for(ParentMessage::Filter));
}

TEST(InitSync, OrderIsTheOrderOfDeclaration) {
    const ChildMessage all[] = {ChildMessage::NeedMap,
                                ChildMessage::InitPid,
                                ChildMessage::HooksDue,
                                ChildMessage::Terminal,
                                ChildMessage::Listener,
                                ChildMessage::Ready};
    for (size_t first = 0; first < std::size(all); ++first) {
        for (size_t second = 0; second < std::size(all); ++second) {
            ChildOrder order;
            EXPECT_TRUE(order.accept(all[first]));
            EXPECT_EQ(order.accept(all[second]).has_value(), second > first)
                << first << " then " << second;
        }
        ChildOrder order;
        EXPECT_TRUE(order.accept(all[first]));
        EXPECT_TRUE(order.accept(ChildMessage::Failed));
        EXPECT_FALSE(order.accept(all[first])) << "nothing comes after a failure";
    }
}

TEST(InitSync, TheParentRefusesAChildThatRepeatsItself) {
    SyncPair sync = make_pair();
    ASSERT_TRUE(sync.child.ready());
    ASSERT_TRUE(sync.child.hooks_due());
    ASSERT_TRUE(sync.parent.receive());
    const auto second = sync.parent.receive();
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("out of order"), std::string::npos);
}

TEST(InitSync, FailureComesBackAsTheErrorItWas) {
    SyncPair sync = make_pair();
    sync.child.failed(Error{.kind = ErrorKind::CommandNotFound,
                            .sys_errno = ENOENT,
                            .message = "exec: \"x\": no",
                            .fix = "install x"});
    const auto message = sync.parent.receive();
    ASSERT_FALSE(message);
    EXPECT_EQ(message.error().kind, ErrorKind::CommandNotFound);
    EXPECT_EQ(message.error().sys_errno, ENOENT);
    EXPECT_EQ(message.error().message, "exec: \"x\": no");
    EXPECT_EQ(message.error().fix, "install x");
}

TEST(InitSync, AFailedExecIsTold) {
    SyncPair sync = make_pair();
    sync.child.failed(make_error(ErrorKind::CannotInvoke, "exec format error"));
    sync.child.replace(UniqueFd());
    const auto started = sync.parent.await_exec();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().kind, ErrorKind::CannotInvoke);
}

TEST(InitSync, ALongFailureIsStillAFailure) {
    for (const bool after_start : {false, true}) {
        SyncPair sync = make_pair();
        sync.child.failed(make_error(ErrorKind::CannotInvoke, std::string(60000, 'x') + "end"));
        sync.child.replace(UniqueFd());
        const Error error = after_start ? sync.parent.await_exec().error()
                                        : std::move(sync.parent.receive()).error();
        EXPECT_EQ(error.kind, ErrorKind::CannotInvoke);
        EXPECT_TRUE(error.message.starts_with("xxxxxxxx"));
    }
}

TEST(InitSync, DescriptorsArriveAndAreCloexec) {
    SyncPair sync = make_pair();
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(sync.child.terminal(null.get()));
    auto message = sync.parent.receive();
    ASSERT_TRUE(message) << message.error().message;
    ASSERT_TRUE(message->terminal);

    struct stat sent {};

    struct stat got {};

    ASSERT_EQ(::fstat(null.get(), &sent), 0);
    ASSERT_EQ(::fstat(message->terminal.get(), &got), 0);
    EXPECT_EQ(sent.st_rdev, got.st_rdev);
    EXPECT_EQ(::fcntl(message->terminal.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(::fcntl(sync.child.fd(), F_GETFD), FD_CLOEXEC);
}

// The filter is in force when it is sent, and the child need not wait for an answer.
TEST(InitSync, AListenerComesBeforeTheChildIsReady) {
    SyncPair sync = make_pair();
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(sync.child.listener(null.get()));
    ASSERT_TRUE(sync.child.ready());
    sync.child.replace(UniqueFd());
    auto message = sync.parent.receive();
    ASSERT_TRUE(message) << message.error().message;
    EXPECT_EQ(message->type, ChildMessage::Listener);
    EXPECT_TRUE(message->listener);
    EXPECT_FALSE(message->terminal);
    const auto ready = sync.parent.receive();
    ASSERT_TRUE(ready);
    EXPECT_EQ(ready->type, ChildMessage::Ready);
    EXPECT_FALSE(ready->listener);

    SyncPair late = make_pair();
    ASSERT_TRUE(late.child.ready());
    ASSERT_TRUE(late.child.listener(null.get()));
    ASSERT_TRUE(late.parent.receive());
    EXPECT_FALSE(late.parent.receive()) << "nobody would hand it on";
}

TEST(InitSync, NobodyWaitsForTheDead) {
    SyncPair first = make_pair();
    first.child.replace(UniqueFd());
    const auto message = first.parent.receive();
    ASSERT_FALSE(message);
    EXPECT_NE(message.error().message.find("ended before"), std::string::npos);

    SyncPair second = make_pair();
    second.parent.close();
    const auto waited = second.child.wait_for(ParentMessage::Proceed);
    ASSERT_FALSE(waited);
    EXPECT_NE(waited.error().message.find("the runtime ended"), std::string::npos);
    second.child.failed(make_error(ErrorKind::Internal, "to nobody"));
}

TEST(InitSync, SendingToTheDeadTellsWhatTheySaidLast) {
    SyncPair sync = make_pair();
    sync.child.failed(make_error(ErrorKind::InvalidArgument, "mount x: no such file"));
    sync.child.replace(UniqueFd());
    const auto sent = sync.parent.send(ParentMessage::Proceed);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().message, "mount x: no such file");
}

TEST(InitSync, NonsenseFromTheChildIsAnError) {
    const std::vector<std::string> packets = {"7",
                                              "9",
                                              "/",
                                              "a",
                                              std::string(1, '\xff'),
                                              "1",
                                              "1x",
                                              "10",
                                              "1-5",
                                              "199999999999",
                                              "1 7",
                                              "3",
                                              "4",
                                              "6",
                                              "6garbage"};
    for (const std::string& packet : packets) {
        const RawChild child;
        child.say(packet);
        EXPECT_FALSE(child.parent->receive()) << packet;
    }
    const RawChild child;
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    child.say("3", {null.get(), null.get()});
    EXPECT_FALSE(child.parent->receive()) << "two terminals";
    child.say("4", {null.get(), null.get()});
    EXPECT_FALSE(child.parent->receive()) << "two listeners";
}

TEST(InitSync, NonsenseInPlaceOfAnExecIsNoSuccess) {
    for (const std::string& packet :
         {std::string("4"), std::string(20000, '5'), std::string("x")}) {
        const RawChild child;
        child.say(packet);
        EXPECT_FALSE(child.parent->await_exec());
    }
}

}  // namespace
}  // namespace dhow::oci
