#include "tools/bench/texts.h"

#include <array>

namespace duramen::bench {
namespace {

constexpr std::array<std::string_view, 24> kPaths = {"/api/v1/products",
                                                     "/api/v1/products/search",
                                                     "/api/v1/cart",
                                                     "/api/v1/cart/items",
                                                     "/api/v1/checkout",
                                                     "/api/v1/orders",
                                                     "/api/v1/orders/history",
                                                     "/api/v1/users/me",
                                                     "/api/v1/users/preferences",
                                                     "/api/v1/recommendations",
                                                     "/api/v1/inventory/stock",
                                                     "/api/v1/payments/intents",
                                                     "/api/v1/payments/webhooks",
                                                     "/api/v1/sessions",
                                                     "/api/v1/sessions/refresh",
                                                     "/static/js/main.8f3c1b.js",
                                                     "/static/css/site.css",
                                                     "/static/img/hero.webp",
                                                     "/healthz",
                                                     "/metrics",
                                                     "/",
                                                     "/api/v1/shipping/quotes",
                                                     "/api/v1/reviews",
                                                     "/api/v1/notifications/unread"};

constexpr std::array<std::string_view, 16> kStatuses = {"200", "200", "200", "200", "200", "200",
                                                        "200", "200", "201", "204", "301", "304",
                                                        "400", "404", "429", "503"};

constexpr std::array<std::string_view, 32> kWords = {"cache miss for session profile",
                                                     "retrying upstream call",
                                                     "connection pool exhausted, waiting",
                                                     "feature flag evaluated",
                                                     "rate limit window reset",
                                                     "lease renewed before expiry",
                                                     "stale entry evicted",
                                                     "schema version is current",
                                                     "circuit breaker half open",
                                                     "token refreshed for client",
                                                     "partition assignment changed",
                                                     "batch flushed to storage",
                                                     "price list synchronised",
                                                     "shipment label requested",
                                                     "fraud check passed",
                                                     "inventory reservation released",
                                                     "email queued for delivery",
                                                     "push notification accepted",
                                                     "webhook delivered",
                                                     "index segment merged",
                                                     "warm replica promoted",
                                                     "config reloaded without changes",
                                                     "request body validated",
                                                     "thumbnail rendered",
                                                     "slow consumer detected",
                                                     "discount rule matched",
                                                     "address normalised",
                                                     "currency rate updated",
                                                     "audit entry written",
                                                     "background job finished",
                                                     "checkpoint complete",
                                                     "idle connection closed"};

constexpr std::array<std::string_view, 5> kAgents = {
    "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5)",
    "okhttp/4.12.0", "curl/7.88.1", "kube-probe/1.29"};

// Long texts are cut over lines on purpose in these tables.
// NOLINTBEGIN(bugprone-suspicious-missing-comma,readability-function-size)
std::vector<TextTrace> make_traces() {
  return {
      {"java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, "
       "request timed out after 30000ms.",
       "\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)",
       "\tat com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:197)",
       "\tat com.zaxxer.hikari.HikariDataSource.getConnection(HikariDataSource.java:128)",
       "\tat "
       "org.springframework.jdbc.datasource.DataSourceUtils.fetchConnection(DataSourceUtils.java:"
       "160)",
       "\tat com.shop.billing.InvoiceRepository.load(InvoiceRepository.java:88)",
       "\tat com.shop.billing.InvoiceService.settle(InvoiceService.java:142)",
       "\tat com.shop.billing.Worker.run(Worker.java:61)",
       "\tat "
       "java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1136)",
       "\tat java.base/java.lang.Thread.run(Thread.java:840)",
       "Caused by: java.net.SocketTimeoutException: connect timed out", "\t... 14 more"},
      {"Traceback (most recent call last):",
       "  File \"/app/scorer/worker.py\", line 118, in handle",
       "    features = self.store.fetch(request.user_id, timeout=self.timeout)",
       "  File \"/app/scorer/features.py\", line 57, in fetch",
       "    raise FeatureStoreError(f\"no features for {user_id}\")",
       "scorer.errors.FeatureStoreError: no features for user %U"},
      {"goroutine %n [running]:", "main.(*Server).handleQuote(0xc000%x, {0x7f2c, 0xc0001a2000})",
       "\t/src/shipping/server.go:214 +0x1d4",
       "net/http.HandlerFunc.ServeHTTP(0xc0000b2010, {0x9d1f40, 0xc0002880e0}, 0xc000270000)",
       "\t/usr/local/go/src/net/http/server.go:2136 +0x29"},
      {"TypeError: Cannot read properties of undefined (reading 'items')",
       "    at renderCart (/app/dist/server/cart.js:88:31)",
       "    at async handler (/app/dist/server/routes.js:41:18)",
       "    at async Server.<anonymous> (/app/dist/server/index.js:19:5)"},
  };
}

std::vector<TextService> make_services() {
  return {
      {"edge-nginx",
       "edge",
       14,
       {{R"~(%i - - [%t] "GET %p HTTP/1.1" %s %N "-" "%a" rt=%f id=%h)~", 30},
        {R"~(%i - user%U [%t] "POST %p HTTP/1.1" %s %n "-" "%a" rt=%f id=%h)~", 8},
        {"%T [error] 31#31: upstream timed out (110: Connection timed out) while reading response "
         "header from upstream, client: %i, server: shop.example, request: \"GET %p HTTP/1.1\"",
         1, true},
        {"%T [warn] 31#31: an upstream response is buffered to a temporary file "
         "/var/cache/nginx/proxy_temp/%n while reading upstream, client: %i",
         1, true}}},
      {"gateway",
       "gateway",
       10,
       {{R"~({"level":"info","ts":"%t","msg":"request completed","method":"GET","path":"%p","status":%s,"duration_ms":%d,"request_id":"%u"})~",
         20},
        {R"~({"level":"debug","ts":"%t","msg":"route matched","path":"%p","upstream":"catalog","remote":"%i"})~",
         6},
        {R"~({"level":"warn","ts":"%t","msg":"slow upstream","path":"%p","duration_ms":%N,"request_id":"%u"})~",
         2},
        {R"~({"level":"error","ts":"%t","msg":"upstream request failed","path":"%p","error":"context deadline exceeded (timeout awaiting response headers)","request_id":"%u"})~",
         1, true}}},
      {"auth",
       "auth",
       6,
       {{"level=info msg=\"token issued\" user=%U client=web scope=\"cart orders\" request_id=%u "
         "ip=%i "
         "expires_in=3600",
         8},
        {"level=info msg=\"session refreshed\" user=%U session=%h duration=%dms", 8},
        {"level=warning msg=\"login failed: bad password\" user=%U ip=%i attempts=%n", 2},
        {"level=error msg=\"ldap bind error\" host=ldap-2.internal:636 err=\"connection refused\" "
         "retry_in=%ds",
         1, true}}},
      {"catalog",
       "catalog",
       8,
       {{"%T INFO  [http-nio-8080-exec-%n] c.s.catalog.ProductController - listed 48 products "
         "page=%n sort=relevance user=%U took=%dms traceId=%h",
         10},
        {"%T DEBUG [http-nio-8080-exec-%n] c.s.catalog.CacheLayer - %w ttl=300s traceId=%h", 8},
        {"%T WARN  [scheduler-1] c.s.catalog.PriceSync - price feed is %n minutes behind, next "
         "attempt in 60s",
         1},
        {"%T ERROR [http-nio-8080-exec-%n] c.s.catalog.ProductController - cannot load product %N: "
         "backend error, traceId=%h",
         1, true}}},
      {"checkout",
       "checkout",
       7,
       {{R"~({"severity":"INFO","message":"order %o placed","items":%n,"total_cents":%N,"user":%U,"request_id":"%u"})~",
         6},
        {R"~({"severity":"INFO","message":"%w","step":"reserve","order_id":%o,"duration_ms":%d})~",
         10},
        {R"~({"severity":"ERROR","message":"payment declined for order %o","code":"card_declined","user":%U,"request_id":"%u"})~",
         1, true}}},
      {"payments",
       "payments",
       5,
       {{"INFO payments.intents: intent confirmed order=%o amount=%N currency=EUR provider=stripe "
         "latency=%dms req=%u",
         8},
        {"INFO payments.webhooks: webhook accepted type=charge.succeeded order=%o signature=ok", 5},
        {"WARN payments.provider: provider answered %s in %dms, attempt %n of 5, backing off", 2},
        {"ERROR payments.provider: timeout after 10000ms calling "
         "https://api.provider.example/v1/charges order=%o req=%u",
         1, true}}},
      {"inventory",
       "inventory",
       6,
       {{"level=info caller=stock.go:88 msg=\"%w\" warehouse=eu-2 sku=SKU-%n quantity=%n order=%o",
         12},
        {"level=debug caller=lease.go:41 msg=\"reservation extended\" order=%o sku=SKU-%n "
         "holder=%h "
         "ttl=60s",
         6},
        {"level=error caller=stock.go:141 msg=\"negative stock prevented\" sku=SKU-%n wanted=%n "
         "available=0 order=%o",
         1, true}}},
      {"search",
       "search",
       6,
       {{"[%t][INFO ][o.e.s.query] [search-1] took[%dms], hits[%N], shards[5/5], "
         "index[products_v7], "
         "user[%U], trace[%h]",
         10},
        {"[%t][WARN ][index.search.slowlog.query] [search-1] [products_v7][%n] took[%Nms], "
         "source[{\"query\":{\"match\":{\"title\":\"shoes\"}},\"size\":48}], id[%h]",
         2},
        {"[%t][INFO ][o.e.i.merge] [search-1] %w segments=%n", 3}}},
      {"recommender",
       "recommender",
       5,
       {{"%T INFO scorer.worker: scored %n candidates for user %U model=v41.2 in %d ms (cache hit "
         "ratio %f) request=%u",
         10},
        {"%T DEBUG scorer.features: %w user=%U rows=%n", 5},
        {"%T ERROR scorer.worker: request %u failed for user %U", 1, true, 1}}},
      {"billing-worker",
       "billing",
       5,
       {{"%T  INFO 1 --- [pool-2-thread-%n] com.shop.billing.InvoiceService : invoice %o settled, "
         "%n "
         "lines, gross %N cents, correlation %u",
         10},
        {"%T  INFO 1 --- [pool-2-thread-%n] com.shop.billing.Ledger : posted entry to account %U",
         6},
        {"%T ERROR 1 --- [pool-2-thread-%n] com.shop.billing.Worker : invoice %o could not be "
         "settled, correlation %u",
         1, true, 0}}},
      {"frontend",
       "frontend",
       6,
       {{R"~({"level":30,"pid":1,"hostname":"frontend","reqId":"%u","res":{"statusCode":%s},"responseTime":%d,"msg":"request completed %p"})~",
         12},
        {R"~({"level":20,"pid":1,"hostname":"frontend","component":"ssr","ms":%d,"msg":"%w"})~", 6},
        {R"~({"level":50,"pid":1,"hostname":"frontend","reqId":"%u","msg":"unhandled error while rendering %p"})~",
         1, true, 3}}},
      {"shipping",
       "shipping",
       4,
       {{"%T server.go:180: quote for order %o: %n carriers, best %N cents, zone EU-2, took %dms",
         10},
        {"%T carrier.go:77: %w carrier=dhl order=%o", 5},
        {"%T server.go:214: panic serving %i: runtime error: index out of range [%n] with length "
         "%n",
         1, true, 2}}},
      {"postgres",
       "db",
       7,
       {{"%T UTC [61] shop@orders LOG:  duration: %d.%n ms  execute S_3: SELECT id, status, total "
         "FROM "
         "orders WHERE user_id = $1 ORDER BY created_at DESC LIMIT 20",
         10, true},
        {"%T UTC [64] shop@orders LOG:  duration: %d.%n ms  execute S_9: UPDATE stock SET reserved "
         "= "
         "reserved + $1 WHERE sku = $2",
         6, true},
        {"%T UTC [27] LOG:  checkpoint complete: wrote %N buffers (%f%%); 0 WAL file(s) added, %n "
         "removed; write=%n.%n s, sync=%f s",
         1, true},
        {"%T UTC [61] shop@orders ERROR:  deadlock detected", 1, true},
        {"%T UTC [61] shop@orders DETAIL:  Process %N waits for ShareLock on transaction %N; "
         "blocked "
         "by process %N.",
         1, true}}},
      {"redis",
       "cache",
       3,
       {{"1:M %T * %n changes in 300 seconds. Saving...", 3},
        {"1:M %T * Background saving started by pid %n", 3},
        {"1:M %T - DB 0: %N keys (%n volatile) in 131072 slots HT.", 6}}},
      {"kafka",
       "broker",
       4,
       {{"[%T] INFO [GroupCoordinator 1]: Member consumer-orders-%n in group orders has joined, "
         "generation %n (kafka.coordinator.group.GroupCoordinator)",
         5},
        {"[%T] INFO [Log partition=orders.events-%n, dir=/var/lib/kafka/data] Rolled new log "
         "segment "
         "at offset %N in %d ms. (kafka.log.Log)",
         6},
        {"[%T] WARN [ReplicaFetcher replicaId=1, leaderId=2, fetcherId=0] Error in response for "
         "fetch "
         "request, timeout after %dms (kafka.server.ReplicaFetcherThread)",
         1, true}}},
      {"notifier",
       "notifier",
       6,
       {{"level=info msg=\"%w\" channel=email template=order_confirmation user=%U order=%o "
         "queue_ms=%d",
         10},
        {"level=info msg=\"%w\" channel=push devices=%n user=%U", 6},
        {"level=error msg=\"smtp error, message kept in queue\" code=421 host=mx%n.example.net "
         "user=%U "
         "id=%u",
         1, true}}},
  };
}
// NOLINTEND(bugprone-suspicious-missing-comma,readability-function-size)

}  // namespace

const std::vector<TextService>& text_services() {
  static const std::vector<TextService> kServices = make_services();
  return kServices;
}
const std::vector<TextTrace>& text_traces() {
  static const std::vector<TextTrace> kTraces = make_traces();
  return kTraces;
}
std::span<const std::string_view> text_paths() { return kPaths; }
std::span<const std::string_view> text_statuses() { return kStatuses; }
std::span<const std::string_view> text_words() { return kWords; }
std::span<const std::string_view> text_agents() { return kAgents; }

}  // namespace duramen::bench
