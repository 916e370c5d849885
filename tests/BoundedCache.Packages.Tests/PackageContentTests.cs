using System.Buffers.Binary;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text;
using System.Xml.Linq;
using BoundedCache.TestSupport;

namespace BoundedCache.Packages.Tests;

/// <summary>What is in the packed files.</summary>
[Collection("packages")]
[Trait("Category", "Packages")]
public sealed class PackageContentTests(PackedPackages packages)
{
    private static readonly Guid s_embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    public static TheoryData<string> Ids => [.. PackedPackages.Ids];

    [Fact]
    public void One_pack_makes_three_packages_with_symbols()
    {
        string[] expected = [.. PackedPackages.Ids
            .SelectMany(id => new[] { $"{id}.{packages.Version}.nupkg", $"{id}.{packages.Version}.snupkg" })
            .Order(StringComparer.Ordinal)];
        Assert.Equal(
            expected,
            Directory.EnumerateFiles(packages.Packages).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_package_says_what_it_is(string id)
    {
        using ZipArchive package = Open(id, "nupkg");
        XElement metadata = Metadata(package, id);

        Assert.Equal(id, Value(metadata, "id"));
        Assert.Equal("MIT", Value(metadata, "license"));
        Assert.Equal("README.md", Value(metadata, "readme"));
        Assert.Equal("icon.png", Value(metadata, "icon"));
        Assert.Contains("CHANGELOG.md", Value(metadata, "releaseNotes"), StringComparison.Ordinal);
        Assert.All(
            (string[])["description", "authors", "copyright", "tags"],
            name => Assert.True(Value(metadata, name).Length > 10, name));
        Assert.Contains("BoundedCache", Text(package, "README.md"), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("MIT License", Text(package, "LICENSE"), StringComparison.Ordinal);
        Assert.StartsWith("# Changes", Text(package, "CHANGELOG.md"), StringComparison.Ordinal);
        Assert.Equal((128, 128), SizeOfPng(Bytes(package, "icon.png")));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_package_says_no_path_of_the_machine_that_built_it(string id)
    {
        foreach (string kind in (string[])["nupkg", "snupkg"])
        {
            using ZipArchive package = Open(id, kind);
            foreach (ZipArchiveEntry entry in package.Entries.Where(static entry => entry.Name.Length > 0))
            {
                byte[] content = Bytes(package, entry.FullName);
                foreach (string path in MachinePaths())
                {
                    Assert.False(Has(content, path), $"{id}.{kind}: {entry.FullName} has the path {path}.");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void The_symbols_have_every_source(string id)
    {
        using ZipArchive package = Open(id, "snupkg");
        ZipArchiveEntry symbols = Assert.Single(package.Entries, entry => entry.Name == $"{id}.pdb");
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbImage(
            [.. Bytes(package, symbols.FullName)]);
        MetadataReader reader = provider.GetMetadataReader();

        Assert.NotEmpty(reader.Documents);
        foreach (DocumentHandle document in reader.Documents)
        {
            string name = reader.GetString(reader.GetDocument(document).Name);
            Assert.StartsWith("/_/", name, StringComparison.Ordinal);
            Assert.True(
                reader.GetCustomDebugInformation(document).Any(handle =>
                    reader.GetGuid(reader.GetCustomDebugInformation(handle).Kind) == s_embeddedSource),
                $"The symbols lack {name}.");
        }
    }

    [Theory]
    [InlineData("BoundedCache")]
    [InlineData("BoundedCache.AspNetCore")]
    public void A_library_has_its_documentation(string id)
    {
        using ZipArchive package = Open(id, "nupkg");
        Assert.NotNull(package.GetEntry($"lib/net10.0/{id}.dll"));
        var documentation = XDocument.Parse(Text(package, $"lib/net10.0/{id}.xml"));
        Assert.True(documentation.Descendants("member").Count() > 10);
    }

    [Fact]
    public void The_library_asks_for_no_more_than_version_10_0_0_of_its_dependencies()
    {
        using ZipArchive package = Open("BoundedCache", "nupkg");
        XElement[] dependencies = Dependencies(package, "BoundedCache");
        Assert.NotEmpty(dependencies);
        Assert.All(dependencies, static dependency =>
        {
            Assert.StartsWith("Microsoft.Extensions.", (string?)dependency.Attribute("id"), StringComparison.Ordinal);
            Assert.Equal("10.0.0", (string?)dependency.Attribute("version"));
        });
    }

    [Fact]
    public void The_admin_page_depends_on_the_library_and_on_the_shared_framework_alone()
    {
        using ZipArchive package = Open("BoundedCache.AspNetCore", "nupkg");
        XElement dependency = Assert.Single(Dependencies(package, "BoundedCache.AspNetCore"));
        Assert.Equal("BoundedCache", (string?)dependency.Attribute("id"));
        // It uses internal members, which another version need not have.
        Assert.Equal($"[{packages.Version}]", (string?)dependency.Attribute("version"));
        XElement framework = Assert.Single(
            Metadata(package, "BoundedCache.AspNetCore").Descendants(),
            static element => element.Name.LocalName == "frameworkReference");
        Assert.Equal("Microsoft.AspNetCore.App", (string?)framework.Attribute("name"));
    }

    [Fact]
    public async Task The_tool_installs_and_runs()
    {
        string directory = Path.Combine(packages.Consumers, "tool");
        ProgramResult installed = await Dotnet.RunAsync(
            packages.Consumers,
            "tool", "install", "BoundedCache.Tool", "--version", packages.Version, "--tool-path", directory);
        Assert.True(installed.ExitCode == 0, installed.Output);

        ProgramResult help = await Dotnet.RunProgramAsync(Path.Combine(directory, "boundedcache"), directory, "--help");
        Assert.True(help.ExitCode == 0, help.Output);
        Assert.Contains("limit", help.Output, StringComparison.Ordinal);
    }

    /// <summary>The repository's directory, the user's, and that of unpacked packages.</summary>
    private static IEnumerable<string> MachinePaths() => new[]
    {
        SourceTree.FindRoot(),
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        Path.Combine(".nuget", "packages"),
    }.Select(static path => path.TrimEnd('/', '\\') + Path.DirectorySeparatorChar)
        .Where(static path => path.Length > 1);

    private static bool Has(byte[] content, string path) =>
        content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(path)) >= 0
        || content.AsSpan().IndexOf(Encoding.Unicode.GetBytes(path)) >= 0;

    private static (int Width, int Height) SizeOfPng(byte[] png)
    {
        Assert.Equal("\u0089PNG", Encoding.Latin1.GetString(png, 0, 4));
        return (
            BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));
    }

    private static XElement[] Dependencies(ZipArchive package, string id) =>
        [.. Metadata(package, id).Descendants().Where(static element => element.Name.LocalName == "dependency")];

    private static XElement Metadata(ZipArchive package, string id) =>
        XDocument.Parse(Text(package, $"{id}.nuspec")).Root!.Elements().Single();

    private static string Value(XElement metadata, string name) =>
        metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value ?? "";

    private static string Text(ZipArchive package, string name)
    {
        using var reader = new StreamReader(new MemoryStream(Bytes(package, name)));
        return reader.ReadToEnd();
    }

    private static byte[] Bytes(ZipArchive package, string name)
    {
        ZipArchiveEntry? entry = package.GetEntry(name);
        Assert.True(entry is not null, $"The package lacks {name}.");
        using Stream stream = entry.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private ZipArchive Open(string id, string kind) =>
        ZipFile.OpenRead(Path.Combine(packages.Packages, $"{id}.{packages.Version}.{kind}"));
}
