#pragma once

#include "api/routes.h"

namespace duramen::api {

/// Each adds the routes of one subject; api/routes.cc calls them all.
void add_ingest_routes(Router& router, const Services& services);
void add_query_routes(Router& router, const Services& services);
void add_stats_routes(Router& router, const Services& services);
void add_explain_routes(Router& router, const Services& services);
void add_hits_routes(Router& router, const Services& services);
void add_name_routes(Router& router, const Services& services);
void add_context_routes(Router& router, const Services& services);
void add_tail_routes(Router& router, const Services& services);
void add_stream_routes(Router& router, const Services& services);
void add_cursor_routes(Router& router, const Services& services);
void add_deletion_routes(Router& router, const Services& services);
void add_running_query_routes(Router& router, const Services& services);
void add_admin_routes(Router& router, const Services& services);
/// Without a data directory none.
void add_backup_route(Router& router, const Services& services);
void add_status_routes(Router& router, const Services& services);
void add_health_routes(Router& router, const Services& services);
/// Last: it describes all routes that are there.
void add_openapi_route(Router& router, const Services& services);

}  // namespace duramen::api
