// officialInstaller.cjs FOLDER VERSION: the installer that the Automation API has built in.
const { PulumiCommand } = require("@pulumi/pulumi/automation");
const { SemVer } = require("semver");

const [folder, version] = process.argv.slice(2);
PulumiCommand.install({ root: folder, version: new SemVer(version) }).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
