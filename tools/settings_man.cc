#include "tools/roff.h"
#include "tools/settings_table.h"

namespace duramen::tools {
namespace {

constexpr std::string_view kHead = R"(.SH SYNOPSIS
.B duramend
[\fIOPTION\fR]...
.SH DESCRIPTION
Takes log lines over HTTP, keeps them, answers queries. Runs in the foreground until SIGTERM or SIGINT.
It needs no configuration and no root; on standard error it says where it listens, and when it is ready.
.SH OPTIONS
.TP
\fB\-\-config\fR \fIFILE\fR
Read settings from a TOML file.
.TP
\fB\-\-check\-config\fR
Check the settings and stop.
.TP
\fB\-\-print\-config\-docs\fR
Print the page about settings, in Markdown, and stop.
.TP
\fB\-\-man\fR
Print this page and stop.
.TP
\fB\-\-version\fR
Print the version and stop.
.TP
\fB\-\-help\fR, \fB\-h\fR
Print a summary of all this and stop.
.SH SETTINGS
Every setting is an option, an environment variable
.RB ( \-\-http\-listen
is
.BR DURAMEN_HTTP_LISTEN )
and a key of the file
.RB ( listen
under
.BR [http] ).
An option wins over a variable, a variable over the file, the file over the default. A list has commas in an option
or a variable; an option may also be repeated. Sizes are numbers of bytes or
.BR 64KiB ,
.BR 512MiB ,
.BR 10GiB ;
durations are
.BR 500ms ,
.BR 15m ,
.BR 1h30m ,
.BR 2d .
)";

constexpr std::string_view kTail = R"(.SH ENVIRONMENT
.TP
.B DURAMEN_CONFIG
The file of settings, as
.BR \-\-config .
.PP
And a variable for each setting.
.SH FILES
.nf
data_dir = "/var/lib/duramen"

[http]
listen = ["127.0.0.1:5647", "[::1]:5647"]

[retention]
age = "30d"
bytes = "200GiB"
.fi
.SH SIGNALS
.TP
.BR SIGTERM ", " SIGINT
Stop: open requests are answered, within 10 s. A second one stops at once; nothing acknowledged is lost.
.TP
.B SIGHUP
Read the file again. Settings that say so are applied; others wait for a restart.
.SH EXIT STATUS
.TP
0
Stopped as told.
.TP
1
An error; one line on standard error says which, and what to do.
.TP
2
Wrong options.
.SH SEE ALSO
.BR duramen (1)
)";

std::string setting_entry(const Setting& setting, const Settings& defaults) {
  std::string out = ".TP\n\\fB" + roff_text(option_name(setting)) + "\\fR";
  const std::string_view value = placeholder(setting.kind);
  if (!value.empty()) out += " \\fI" + roff_text(value) + "\\fR";
  out += "\n" + roff_of_markdown(setting.doc) + "\n" +
         "Default: " + roff_of_markdown(default_text(setting, defaults)) + ".\n";
  const std::string range = range_text(setting);
  if (!range.empty()) out += roff_text(range) + "\n";
  if (setting.reloadable) out += "SIGHUP applies it.\n";
  return out;
}

}  // namespace

std::string manual_page() {
  const Settings defaults;
  std::string out = roff_title("duramend", 8, "keeps log lines and answers queries about them");
  out += kHead;
  std::string group;
  for (const Setting& setting : settings_table()) {
    if (group_of(setting) != group) {
      group = group_of(setting);
      out += ".SS [" + roff_text(group) + "]\n";
    }
    out += setting_entry(setting, defaults);
  }
  return out + std::string(kTail);
}

}  // namespace duramen::tools
