// SPDX-License-Identifier: Apache-2.0
#include "rootless/systemd_manager.h"

#include "base/file.h"
#include "base/text.h"
#include "rootless/paths.h"

#include <fcntl.h>

namespace dhow::rootless {

namespace {

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kPath = "/org/freedesktop/systemd1";

BusCall manager_call(std::string member, std::string signature) {
    return BusCall{.destination = kService,
                   .path = kPath,
                   .interface = kManager,
                   .member = std::move(member),
                   .signature = std::move(signature),
                   .body = {}};
}

// The value of a variant, with the signature that comes first.
struct AddValue {
    BusBody& body;

    void operator()(bool value) const { body.signature("b").boolean(value); }

    void operator()(int32_t value) const { body.signature("i").u32(static_cast<uint32_t>(value)); }

    void operator()(uint64_t value) const { body.signature("t").u64(value); }

    void operator()(const std::string& value) const { body.signature("s").string(value); }

    void operator()(const std::vector<std::string>& values) const {
        body.signature("as");
        const size_t list = body.begin_array(4);
        for (const std::string& value : values) body.string(value);
        body.end_array(list, 4);
    }

    void operator()(const std::vector<uint32_t>& values) const {
        body.signature("au");
        const size_t list = body.begin_array(4);
        for (const uint32_t value : values) body.u32(value);
        body.end_array(list, 4);
    }

    void operator()(const UnitBytes& values) const {
        body.signature("ay");
        const size_t list = body.begin_array(1);
        body.raw({reinterpret_cast<const char*>(values.data()), values.size()});
        body.end_array(list, 1);
    }

    void operator()(const std::vector<std::pair<std::string, std::string>>& values) const {
        body.signature("a(ss)");
        const size_t list = body.begin_array(8);
        for (const auto& [first, second] : values) body.align(8).string(first).string(second);
        body.end_array(list, 8);
    }
};

void add_properties(BusBody& body, const std::vector<UnitProperty>& properties) {
    const size_t list = body.begin_array(8);
    for (const UnitProperty& property : properties) {
        body.align(8).string(property.name);
        std::visit(AddValue{body}, property.value);
    }
    body.end_array(list, 8);
}

bool says(const Error& error, std::string_view name) {
    return error.message.find(name) != std::string::npos;
}

Result<Bus> connect_bus(ManagerOf which) {
    if (which == ManagerOf::User) {
        const auto address = TRY(find_user_bus());
        return Bus::connect(address);
    }
    if (!exists_at(AT_FDCWD, "/run/systemd/system")) {
        return make_error(ErrorKind::Unavailable,
                          "systemd does not run this machine",
                          "leave the cgroups to the runtime: without --systemd-cgroup");
    }
    auto bus = Bus::connect("/run/dbus/system_bus_socket");
    // Early at boot, or where no message bus is installed; for root alone.
    if (!bus) bus = Bus::connect_peer("/run/systemd/private");
    return bus;
}

}  // namespace

Result<SystemdManager> SystemdManager::connect(ManagerOf which) {
    auto bus = TRY_CONTEXT(connect_bus(which), "connect to systemd");
    // Jobs are told to who asked for them, by a signal. A peer without a bus needs no asking.
    BusCall match{.destination = "org.freedesktop.DBus",
                  .path = "/org/freedesktop/DBus",
                  .interface = "org.freedesktop.DBus",
                  .member = "AddMatch",
                  .signature = "s",
                  .body = {}};
    match.body.string(std::string("type='signal',sender='") + kService + "',interface='" +
                      kManager + "',member='JobRemoved',path='" + kPath + "'");
    ignore(bus.call(match), "a peer has no such method and sends the signal all the same");
    return SystemdManager(std::move(bus));
}

Result<std::string> SystemdManager::property(const std::string& name) {
    BusCall call = manager_call("Get", "ss");
    call.interface = "org.freedesktop.DBus.Properties";
    call.body.string(kManager).string(name);
    const auto body = TRY_CONTEXT(bus_.call(call), "read systemd's property '" + name + "'");
    BusReader reader(body);
    const auto type = TRY(reader.signature());
    if (type == "s") return reader.string();
    return make_error(ErrorKind::Corrupt, "systemd's property '" + name + "' is no string");
}

// "252.39-1~deb12u1", "v245"
Result<int> SystemdManager::version() {
    const auto text = TRY(property("Version"));
    const size_t from = text.find_first_of("0123456789");
    const size_t end = text.find_first_not_of("0123456789", from);
    const auto number =
        from == std::string::npos ? std::nullopt : parse_int<int>(text.substr(from, end - from));
    if (number) return *number;
    return make_error(ErrorKind::Corrupt, "unknown version of systemd '" + printable(text) + "'");
}

// The answer names the job; JobRemoved (u id, o job, s unit, s result) tells how it went.
Status SystemdManager::run_job(const BusCall& call, const std::string& unit) {
    const auto answer = TRY(bus_.call(call));
    const auto job = TRY(BusReader(answer).string());
    while (true) {
        const auto signal = TRY_CONTEXT(bus_.next_signal(), "wait for systemd's job");
        if (signal.interface != kManager || signal.member != "JobRemoved") continue;
        BusReader reader(signal.body);
        TRY(reader.u32());
        const auto done = TRY(reader.string());
        if (done != job) continue;
        TRY(reader.string());
        const auto result = TRY(reader.string());
        if (result == "done") return {};
        return make_error(
            ErrorKind::Unavailable,
            "systemd's job for '" + printable(unit) + "' ended with '" + printable(result) + "'");
    }
}

// StartTransientUnit(name, mode, properties a(sv), auxiliary a(sa(sv)))
Status SystemdManager::start(const std::string& unit, const std::vector<UnitProperty>& properties) {
    BusCall call = manager_call("StartTransientUnit", "ssa(sv)a(sa(sv))");
    call.body.string(unit).string("replace");
    add_properties(call.body, properties);
    const size_t auxiliary = call.body.begin_array(8);
    call.body.end_array(auxiliary, 8);
    auto started = run_job(call, unit);
    if (!started && says(started.error(), "UnitExists") && forget(unit)) {
        started = run_job(call, unit);
    }
    if (started) return {};
    return std::move(started).error().context("start systemd unit '" + printable(unit) + "'");
}

Status SystemdManager::change(const std::string& unit,
                              const std::vector<UnitProperty>& properties) {
    BusCall call = manager_call("SetUnitProperties", "sba(sv)");
    call.body.string(unit).boolean(true);
    add_properties(call.body, properties);
    TRY_CONTEXT(bus_.call(call), "change systemd unit '" + printable(unit) + "'");
    return {};
}

Status SystemdManager::attach(const std::string& unit, const std::string& subgroup, pid_t pid) {
    BusCall call = manager_call("AttachProcessesToUnit", "ssau");
    call.body.string(unit).string(subgroup);
    const size_t pids = call.body.begin_array(4);
    call.body.u32(static_cast<uint32_t>(pid));
    call.body.end_array(pids, 4);
    TRY_CONTEXT(bus_.call(call), "move a process into systemd unit '" + printable(unit) + "'");
    return {};
}

Status SystemdManager::forget(const std::string& unit) {
    BusCall call = manager_call("ResetFailedUnit", "s");
    call.body.string(unit);
    TRY(bus_.call(call));
    return {};
}

Status SystemdManager::stop(const std::string& unit) {
    BusCall call = manager_call("StopUnit", "ss");
    call.body.string(unit).string("replace");
    auto stopped = run_job(call, unit);
    ignore(forget(unit), "as a rule it did not fail, and is forgotten already");
    if (stopped || says(stopped.error(), "NoSuchUnit")) return {};
    return std::move(stopped).error().context("stop systemd unit '" + printable(unit) + "'");
}

}  // namespace dhow::rootless
