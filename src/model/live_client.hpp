// SPDX-License-Identifier: Apache-2.0
// Asks a provider over the network: paced, paid for, tried again where that makes sense.
#pragma once

#include <atomic>
#include <functional>

#include "model/client.hpp"
#include "model/http.hpp"
#include "model/key.hpp"
#include "model/ledger.hpp"
#include "model/pace.hpp"
#include "model/provider.hpp"

namespace cupel::model {

// What may be shared among the clients of one provider.
struct Account {
    Provider provider;
    Key key;
    TokenBucket bucket{2, 8};
    Patience patience;
    Http http;
};

class LiveClient final : public Client {
public:
    // All must outlive it. `stop` may be empty; it is asked many times a second.
    LiveClient(Account& account, Price price, Ledger& ledger, std::function<bool()> stop,
               Traits traits = {})
        : account_(account),
          price_(price),
          ledger_(ledger),
          stop_(std::move(stop)),
          traits_(std::move(traits)) {}

    [[nodiscard]] Answer ask(const Request& request) override;

private:
    [[nodiscard]] Answer try_once(const Request& request);
    // Attempts until one answers, or none makes sense any more. `lost`: what those that came to
    // nothing may have cost.
    [[nodiscard]] Answer ask_until(const Request& request, Amount& lost);
    // The most that it can cost, by what this server has counted so far.
    [[nodiscard]] Amount most_cost(const Request& request) const;
    // Of several calls at once the greediest counts, each by what its request alone allowed.
    void learn_excess(const Amount& cost, const Request& request);
    // False: stopped meanwhile.
    [[nodiscard]] bool wait(const Request& request, double seconds) const;
    [[nodiscard]] bool wait_for_turn(const Request& request);

    Account& account_;
    Price price_;
    Ledger& ledger_;
    std::function<bool()> stop_;
    Traits traits_;
    // Of what a reply cost, over the most that it should have, at least 1: some servers count more
    // tokens than they were allowed.
    std::atomic<double> excess_ = 1;
};

}  // namespace cupel::model
