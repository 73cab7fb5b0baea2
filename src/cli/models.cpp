// SPDX-License-Identifier: Apache-2.0
#include "cli/models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/workplace.hpp"
#include "os/files.hpp"

namespace cupel::cli {
namespace {

constexpr std::size_t kLargestPrices = 1 << 20;

// Of the run that goes on; empty where it had none, or none goes on.
Result<model::PriceTable> read_earlier_prices(const Options& options) {
    if (options.resume.empty()) return model::PriceTable();
    const std::string name = (find_run(options.resume) / kPrices).string();
    const auto text = os::read_file(name, kLargestPrices);
    if (!text && text.error().code == Errc::NotFound) return model::PriceTable();
    if (!text) return std::unexpected(text.error());
    return model::PriceTable::parse(*text, name);
}

Result<model::PriceTable> read_prices(const std::string& name) {
    if (name == "free") return model::PriceTable::all_free();
    auto text = os::read_file(name, kLargestPrices);
    if (!text) {
        Error error = std::move(text).error();
        error.code = Errc::Usage;
        return std::unexpected(std::move(error).in("--prices " + name));
    }
    return model::PriceTable::parse(*text, name);
}

Result<model::Key> find_key(const Options& options, const model::Provider& provider) {
    if (options.key_fd >= 0) return model::Key::from_fd(options.key_fd);
    if (!options.key_env.empty()) return model::Key::from_environment(options.key_env);
    if (provider.key_variable.empty()) return model::Key();
    return model::Key::from_environment(provider.key_variable);
}

Result<std::unique_ptr<model::Account>> open_account(const Options& options,
                                                     const std::string& name) {
    auto account = std::make_unique<model::Account>();
    CUPEL_TRY(account->provider, model::find_provider(name));
    if (!options.base_url.empty()) account->provider.base_url = options.base_url;
    if (account->provider.base_url.empty()) {
        return fail(Errc::Usage, fmt::format("--model {}:...: where is that server? Give its "
                                             "address by --base-url",
                                             name));
    }
    CUPEL_TRY(account->provider.base_url, model::check_base_url(account->provider.base_url));
    CUPEL_TRY(account->key, find_key(options, account->provider));
    if (!account->key.empty() && !model::may_carry_key(account->provider.base_url)) {
        return fail(Errc::Usage, fmt::format("{}: a key is not sent over a network without TLS; "
                                             "use https",
                                             account->provider.base_url));
    }
    return account;
}

// Only what runs on a machine of the user's is free because the user says so in one word.
Result<void> check_free(const Options& options, const model::Account& account,
                        std::string_view model) {
    const model::Provider& provider = account.provider;
    if (model::is_loopback(provider.base_url)) return {};
    if (provider.key_variable.empty() && account.key.empty() && !options.base_url.empty() &&
        model::is_private(provider.base_url))
        return {};
    return fail(Errc::Usage,
                fmt::format("--prices free is for servers of your own: on this machine, or without "
                            "a key in your own network; {0} is asked at {1}. Give --prices FILE "
                            "with \"{0}\": {{\"input\": ..., \"output\": ...}}, in dollars for a "
                            "million tokens (0 where it is free there)",
                            model, provider.base_url));
}

// What the run is to remember, and whether that is news.
Result<void> keep_prices(const Options& options, model::PriceTable earlier, ModelSetup& setup) {
    for (const ModelSetup::Voice& voice : setup.voices) {
        const std::string name = voice.name.text();
        if (earlier.holds(name)) {
            CUPEL_TRY(const model::Price before, earlier.find(name));
            if (before != voice.price) setup.note += (setup.note.empty() ? "" : ", ") + name;
        }
        earlier.set(name, voice.price, voice.traits);
    }
    if (!setup.note.empty()) {
        setup.note = fmt::format(
            "--prices {} differs from the run's own {} for {}; it holds from "
            "here on",
            options.prices, kPrices, setup.note);
    }
    setup.prices = earlier.text();
    return {};
}

Result<void> check_together(const Options& options, const std::set<std::string>& providers) {
    if (options.models.empty()) {
        for (const auto& [given, name] :
             {std::pair{!options.base_url.empty(), "--base-url"},
              std::pair{!options.key_env.empty(), "--key-env"},
              std::pair{options.key_fd >= 0, "--key-fd"},
              std::pair{!options.prices.empty(), "--prices"},
              std::pair{options.budget.tokens.has_value(), "--tokens"},
              std::pair{options.gain_per_dollar > 0, "--gain-per-dollar"}}) {
            if (given) return fail(Errc::Usage, fmt::format("{} belongs to --model", name));
        }
        return {};
    }
    if (options.key_fd >= 0 && !options.key_env.empty())
        return fail(Errc::Usage, "--key-fd and --key-env: one key, please");
    const bool one_address =
        !options.base_url.empty() || !options.key_env.empty() || options.key_fd >= 0;
    if (one_address && providers.size() > 1) {
        return fail(Errc::Usage,
                    "--base-url, --key-env and --key-fd are of one provider; the "
                    "models named are of several");
    }
    if (!options.replay.empty())
        return fail(Errc::Usage, "--replay asks no model: leave --model out");
    return {};
}

}  // namespace

Result<ModelSetup> set_up_models(const Options& options) {
    ModelSetup setup;
    std::set<std::string> providers;
    for (const std::string& text : options.models) {
        CUPEL_TRY(model::ModelName name, model::parse_model_name(text));
        providers.insert(name.provider);
        setup.voices.push_back({std::move(name), {}, {}, nullptr});
    }
    CUPEL_DO(check_together(options, providers));
    if (setup.voices.empty()) return setup;
    CUPEL_TRY(model::PriceTable earlier, read_earlier_prices(options));
    model::PriceTable prices = earlier;
    if (!options.prices.empty()) {
        CUPEL_TRY(prices, read_prices(options.prices));
    }
    bool costs = false;
    for (ModelSetup::Voice& voice : setup.voices) {
        CUPEL_TRY(voice.price, prices.find(voice.name.text()));
        voice.traits = prices.traits(voice.name.text());
        costs = costs || voice.price != model::Price{};
    }
    CUPEL_DO(keep_prices(options, std::move(earlier), setup));
    if (costs && !options.budget.dollars) {
        return fail(Errc::Usage,
                    "these models cost money: say how much they may in this run, by --dollars");
    }
    for (const std::string& provider : providers) {
        CUPEL_TRY(auto account, open_account(options, provider));
        setup.local = setup.local || model::is_loopback(account->provider.base_url);
        for (ModelSetup::Voice& voice : setup.voices) {
            if (voice.name.provider != provider) continue;
            voice.account = account.get();
            if (prices.free()) CUPEL_DO(check_free(options, *account, voice.name.text()));
        }
        setup.accounts.push_back(std::move(account));
    }
    return setup;
}

}  // namespace cupel::cli
