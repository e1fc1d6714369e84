#include "api/routes.h"

#include "api/routes/route_groups.h"

namespace duramen::api {

Router make_router(const Services& services) {
  Router router;
  add_ingest_routes(router, services);
  add_query_routes(router, services);
  add_stats_routes(router, services);
  add_explain_routes(router, services);
  add_hits_routes(router, services);
  add_name_routes(router, services);
  add_context_routes(router, services);
  add_tail_routes(router, services);
  add_stream_routes(router, services);
  add_cursor_routes(router, services);
  add_deletion_routes(router, services);
  add_running_query_routes(router, services);
  add_admin_routes(router, services);
  add_backup_route(router, services);
  add_status_routes(router, services);
  add_health_routes(router, services);
  add_openapi_route(router, services);
  return router;
}

}  // namespace duramen::api
