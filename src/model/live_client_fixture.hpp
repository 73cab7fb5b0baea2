// SPDX-License-Identifier: Apache-2.0
// For tests: a client of a server of this process, with little patience.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "model/live_client.hpp"
#include "model/test_server.hpp"

namespace cupel::model {
inline constexpr std::string_view kSecret = "sk-live-0123456789abcdef";

struct LiveClientTest : ::testing::Test {
    std::unique_ptr<testing::Server> server;
    Account account;
    Ledger ledger{{.dollars = 10.0}};
    Price price{.input = 1, .cached = 0.5, .written = 2, .output = 4};
    std::atomic<bool> stop = false;
    std::unique_ptr<LiveClient> client;

    void serve(testing::Handler handler, std::string_view provider = "chat") {
        server = std::make_unique<testing::Server>(std::move(handler));
        account.provider = find_provider(provider).value();
        account.provider.base_url = server->url();
        account.key = Key::from_text(kSecret, "test").value();
        account.patience = {.attempts = 3,
                            .first_wait = 0.01,
                            .longest_wait = 0.5,
                            .connect = 2,
                            .idle = 20,
                            .total = 60};
        client =
            std::make_unique<LiveClient>(account, price, ledger, [this] { return stop.load(); });
    }
    // Says these in turn, and the last for ever.
    void serve_in_turn(std::vector<std::string> answers) {
        serve([answers = std::move(answers), turn = std::make_shared<std::atomic<std::size_t>>(0)](
                  const testing::Call&, testing::Peer& peer) {
            peer.send(answers[std::min(turn->fetch_add(1), answers.size() - 1)]);
        });
    }
    static Request question() {
        Request request;
        request.model = "m";
        request.system = "You are terse.";
        request.messages = {{Role::User, "Hello?"}};
        request.max_tokens = 100;
        return request;
    }
    Answer ask() { return client->ask(question()); }
    // The fault of a call that must fail, with the key nowhere in it.
    Fault fault() {
        const Answer answer = ask();
        EXPECT_FALSE(answer.has_value());
        if (answer) return {FaultKind::Storage, "there was an answer: " + answer->text, {}, false};
        EXPECT_THAT(answer.error().text,
                    ::testing::Not(::testing::HasSubstr(std::string(kSecret))));
        return answer.error();
    }
    [[nodiscard]] std::size_t calls() const { return server->calls().size(); }
    [[nodiscard]] double most() const { return most_cost_of(question(), price).dollars; }
};

}  // namespace cupel::model
