import assert from "node:assert/strict";
import type { HostFacts } from "../../provider/core/facts/hostFacts";
import { effective, parseOsloFile } from "../../provider/core/files/osloConfig";
import { hidesInfo, hidesProcess, type NovaConfig, novaLogFile } from "../../provider/core/novaConfig";

function config(...texts: string[]): NovaConfig {
  const files = texts.map((text, index) => parseOsloFile(`/etc/nova/${index}.conf`, text));
  return { files, failure: undefined, get: (section, option) => effective(files, section, option), all: () => [] };
}

const facts = (...args: string[]) => ({ novaCompute: { args } }) as unknown as HostFacts;

describe("where nova-compute logs to", () => {
  // As the options of oslo.log behave under oslo.config 9.0.0.
  for (const [name, texts, args, file] of [
    ["the journal", ["[DEFAULT]\n"], [], undefined],
    ["a folder", ["[DEFAULT]\nlog_dir = /a\n"], [], "/a/nova-compute.log"],
    ["a folder by its former name", ["[DEFAULT]\nlogdir = /a\n"], [], "/a/nova-compute.log"],
    ["the folder of today's name", ["[DEFAULT]\nlog_dir = /a\nlogdir = /b\n"], [], "/a/nova-compute.log"],
    ["that of the last file", ["[DEFAULT]\nlog_dir = /a\n", "[DEFAULT]\nlogdir = /b\n"], [], "/b/nova-compute.log"],
    ["no folder that is spelled with a dash", ["[DEFAULT]\nlog-dir = /a\n"], [], undefined],
    ["a file in a folder", ["[DEFAULT]\nlogfile = b\nlogdir = /a\n"], [], "/a/b"],
    ["the file of the arguments", ["[DEFAULT]\nlog_file = /a\n"], ["--logfile", "/b"], "/b"],
    ["the last one of them", [], ["--log-file=/a", "--logfile=/b"], "/b"],
  ] as const) {
    it(`is ${name}`, () => assert.equal(novaLogFile(facts(...args), config(...texts)), file));
  }
});

describe("whether nova-compute's own words can be waited for in its log", () => {
  for (const [text, hides] of [
    ["[DEFAULT]\n", false],
    ["[DEFAULT]\ndefault_log_levels = amqp=WARN,nova=INFO\n", false],
    ["[DEFAULT]\ndefault_log_levels = amqp=WARN, nova = warning\n", true],
    ["[DEFAULT]\ndefault_log_levels = nova.compute.manager=ERROR\n", true],
    ["[DEFAULT]\ndefault_log_levels = nova.virt=ERROR\n", false],
    ["[DEFAULT]\nlog_config_append = /etc/nova/logging.conf\n", true],
    ["[DEFAULT]\nlog_config = /etc/nova/logging.conf\n", true],
    ["[DEFAULT]\nlog-config = /etc/nova/logging.conf\n", true],
  ] as const) {
    it(`${hides ? "not " : ""}with ${JSON.stringify(text)}`, () =>
      assert.equal(hidesInfo(facts(), config(text)), hides));
  }

  for (const args of [["--log-config-append=/etc/nova/logging.conf"], ["--log-config", "/etc/nova/logging.conf"]]) {
    it(`not with ${args.join(" ")}`, () => assert.equal(hidesInfo(facts(...args), config()), true));
  }
});

describe("whether a line in nova-compute's log tells which process wrote it", () => {
  const [file, journal] = ["[DEFAULT]\nlog_dir = /a\n", "[DEFAULT]\n"];
  const without = "%(asctime)s %(levelname)s %(message)s";
  for (const [what, text, tells] of [
    ["in a file, with the formats of oslo.log", file, true],
    [
      "in a file, with a format of one's own that has it",
      `${file}logging_context_format_string = %(process)5d ${without}\n`,
      true,
    ],
    ["in a file, with one that has not", `${file}logging_context_format_string = ${without}\n`, false],
    ["in a file, with one for the rest that has not", `${file}logging_default_format_string = ${without}\n`, false],
    ["in the journal, with any", `${journal}logging_context_format_string = ${without}\n`, true],
  ] as const) {
    it(`${tells ? "does" : "does not"} ${what}`, () => assert.equal(hidesProcess(facts(), config(text)), !tells));
  }
});
