// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/layer_workers.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace dhow::store {

namespace {

// Inflating and deflating are the work, not the network: more threads than cores only wait.
constexpr unsigned kMaxWorkers = 4;

class Queue {
  public:
    Queue(size_t count, const LayerWork& work) : count_(count), work_(work) {}

    void serve(RegistryClient& client) {
        while (!failed_) {
            const size_t index = next_++;
            if (index >= count_) return;
            if (const auto done = work_(client, index); !done) return fail(done.error());
        }
    }

    void fail(const Error& error) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = error;
        failed_ = true;
    }

    [[nodiscard]] Status outcome() const { return failure_ ? Status(*failure_) : Status(); }

  private:
    size_t count_;
    const LayerWork& work_;
    std::atomic<size_t> next_ = 0;
    std::atomic<bool> failed_ = false;
    std::mutex mutex_;
    std::optional<Error> failure_;
};

}  // namespace

Status for_each_layer(size_t count,
                      const RegistryOptions& options,
                      RegistryClient& own,
                      const LayerWork& work) {
    Queue queue(count, work);
    std::vector<std::jthread> threads;
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    const size_t workers = std::min<size_t>({kMaxWorkers, cores, count});
    for (size_t i = 1; i < workers; ++i) {
        threads.emplace_back([&] {
            auto client = RegistryClient::connect(options);
            if (client) {
                queue.serve(*client);
            } else {
                queue.fail(client.error());
            }
        });
    }
    queue.serve(own);
    threads.clear();  // joins
    return queue.outcome();
}

}  // namespace dhow::store
