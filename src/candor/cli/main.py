"""The `candor` command and how it finds its words."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import Any

import click

from candor import __version__
from candor.core.errors import CandorError
from candor.verify.errors import VerifyError

#: Word -> (module, what it does), in the order in which the help shows them.
WORDS: dict[str, dict[str, str]] = {
    "Footage": {
        "ingest": "Take in files, folders or a mounted card; seal each recording.",
        "list": "Find recordings by text, person, unit, device, time, category, place, state.",
        "show": "Show one recording: catalogue, parts, what the file claims, custody history.",
        "export": "Hand out recordings as a package that anyone can verify offline.",
        "verify": "Verify a package or a proof, with keys from outside it.",
        "retention": "What must stay, what may go; holds; destroying what two people agreed on.",
        "archive": "Move footage to the archive that nobody opened for long, and bring it back.",
        "returned": "What was destroyed and came in again: list, destroy again, take in.",
        "case": "Cases: what recordings belong together for, with people, moments and history.",
        "request": "Requests for records: take in, find what is meant, decide, write, answer.",
        "critical": "Shootings, deaths, serious injuries: clocks, viewings, consents, statements, putting off.",
        "release": "What goes out: prepare, approve as a second person, recall, list, show.",
        "discovery": "The whole of a case for both sides: make, access, receipts, opening what a side viewed.",
        "finding": "That a recording and a statement do not agree: note, list, answer.",
        "restrict": "Who may see a recording besides what roles say, and the agency's rules for it.",
        "label": "What the law cares about in recordings: put a label, take it, see who said so.",
        "repair": "Recover what can be recovered of a damaged recording; the original stays as it came.",
        "redact": "Find what has to be hidden, hide it for good in a copy, and prove both.",
        "transcript": "What is said in a recording, as text: make, bring in, show, hand on.",
        "fixity": "Read every stored object again and compare it with its seal.",
    },
    "Law": {
        "law": "The law that is applied here: show, check, explain, compare, adopt.",
    },
    "Custody log": {
        "log": "The transparency log: state, proofs, checks, checkpoints, trust policy.",
        "witness": "Run an independent witness for somebody else's log.",
    },
    "Running": {
        "serve": "Serve the site, with its jobs and the custody log's sequencer.",
        "portal": "The pages for everybody, in a process of their own; how far they lie behind.",
        "work": "Run jobs and the sequencer without a site.",
        "access": "Who may do what: every address and command, by role.",
        "doctor": "Look at everything that must work, and say how to mend it.",
        "key": "The key that everything is sealed under: recovery sheet, escrow, change, restoring.",
        "user": "Accounts: add, list, change, review, set a password; how people sign in.",
        "token": "Tokens that programs come with: add, list, revoke.",
        "audit": "Search what was done by whom, when, from where, and how it ended.",
        "dock": "How cameras hand over what they hold, and what is missing.",
        "credentials": "The key that signs content credentials of released copies; read those of a film.",
        "category": "The categories that are offered, and what each means to the law.",
        "models": "Models that find faces, plates and whatever else is to be hidden: register, list.",
        "duty": "What the law asks of camera users and supervisors: tests, reports, training.",
        "backup": "Back up database, log, settings and footage; list and check backups.",
        "restore": "Restore a backup into an empty installation, and check every seal.",
        "notices": "Notices: what was told, how mail is doing, who is told of what.",
        "demo": "Make a site with example footage and serve it.",
    },
}

EPILOG = """\b
A first hour:
  candor serve                     make the agency and its administrator in the browser
  candor ingest /media/card        take in what is on a camera's card
  candor list --text "pike"        find it
  candor export ID --out .         hand it out
  candor verify PACKAGE --policy trust-policy.txt

\b
Exit codes:
  0 done                  5 refused by a rule         9 not set up, or a key is missing
  1 unexpected fault      6 a check failed           10 done in part: some files were not taken in
  2 wrong usage           7 storage fault         20-33 verification: 20 + the step that failed
  3 input not usable      8 database fault          130 stopped by the user
  4 nothing found

Settings come from CANDOR_* variables and candor.toml; docs/reference/settings.md lists them. CANDOR_HOME is
the folder of the installation, CANDOR_KEYS the folder of its secret keys: back them up apart from each other.
"""


class _Words(click.Group):
    """A group whose commands are imported when they are named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [word for group in WORDS.values() for word in group]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"candor.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        word = args[0] if args else ""
        if word and not word.startswith("-") and word not in self.list_commands(ctx):
            close = get_close_matches(word, self.list_commands(ctx), n=1)
            hint = f" Did you mean `candor {close[0]}`?" if close else " `candor --help` lists the commands."
            raise click.UsageError(f"There is no command {word!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, words in WORDS.items():
            with formatter.section(title):
                formatter.write_dl(list(words.items()))


@click.group(
    cls=_Words, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="candor")
@click.option("-v", "--verbose", is_flag=True, help="Say more of what is going on.")
def candor(verbose: bool) -> None:
    """Candor keeps body-worn-camera footage so that nobody has to be believed.

    What goes in is sealed at once and never altered. Whatever is done with it afterwards is recorded, before it
    happens, in a log that anyone can check offline, without an account and without trusting the agency.
    """
    if click.get_current_context().invoked_subcommand != "verify":  # which needs nothing of an installation
        _set_up_log(verbose)


def _set_up_log(verbose: bool) -> None:
    """The program's own log as the settings say; settings that cannot be read are the command's to complain of."""
    from candor.core import logs
    from candor.core.settings import Settings

    try:
        settings = Settings.load()
    except CandorError:
        settings = None
    logs.set_up(settings, verbose=verbose)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command and leave with its exit code."""
    try:
        code = candor.main(args=arguments, prog_name="candor", standalone_mode=False)
    except click.exceptions.Abort:
        _say("Stopped.")
        sys.exit(130)
    except KeyboardInterrupt:
        _say("Stopped.")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (CandorError, VerifyError) as error:
        _say(f"candor: {error}")
        if os.environ.get("CANDOR_DEBUG"):
            traceback.print_exc()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read our output (head, less) has gone; there is nobody left to tell.
        sys.stdout = None
        sys.exit(0)
    except Exception as error:
        if os.environ.get("CANDOR_DEBUG"):
            raise
        _say(f"candor: an unexpected fault: {type(error).__name__}: {error}")
        _say("Nothing that was acknowledged is lost. With CANDOR_DEBUG=1 the same command shows where it happened.")
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
