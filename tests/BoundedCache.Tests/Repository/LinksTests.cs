using System.Text.RegularExpressions;

namespace BoundedCache.Tests.Repository;

/// <summary>Links between the repository's pages. Addresses on the network are not asked.</summary>
public sealed partial class LinksTests
{
    [Fact]
    public async Task Every_relative_link_and_anchor_leads_somewhere()
    {
        string[] files = await TrackedFiles.FindAsync();
        string[] pages = [.. files.Where(static file => Path.GetExtension(file) == ".md")];
        var known = new HashSet<string>(files, StringComparer.Ordinal);
        known.UnionWith(files.SelectMany(Folders));

        string[] dead = [.. pages.SelectMany(page => DeadLinks(page, known))];
        Assert.Contains("README.md", pages);
        Assert.True(
            dead.Length == 0, $"Expected links to files and headings that exist, got:\n{string.Join('\n', dead)}");
    }

    [Theory]
    [InlineData("Plain words", "plain-words")]
    [InlineData("`Code`, and (marks): A–Z!", "code-and-marks-az")]
    [InlineData("A [link](there.md) in it", "a-link-in-it")]
    public void A_heading_has_the_anchor_that_GitHub_gives_it(string heading, string anchor) =>
        Assert.Equal(anchor, Anchor(heading));

    [Fact]
    public void Links_in_code_are_none() =>
        Assert.Empty(Link().Matches(WithoutCode("```\n[a](b.md)\n```\n`[c](d.md)`")));

    private static IEnumerable<string> DeadLinks(string page, HashSet<string> known)
    {
        foreach (Match match in Link().Matches(WithoutCode(Read(page))))
        {
            string link = match.Groups["target"].Value;
            if (Scheme().IsMatch(link))
            {
                continue;
            }

            string[] parts = link.Split('#', 2);
            string target = parts[0].Length == 0
                ? page
                : Path.GetRelativePath(
                    TrackedFiles.Root,
                    Path.GetFullPath(Path.Combine(TrackedFiles.Root, Path.GetDirectoryName(page)!, parts[0])))
                    .Replace('\\', '/');
            if (!known.Contains(target))
            {
                yield return $"{page}: {link}: no such file";
            }
            else if (parts.Length == 2 && Path.GetExtension(target) == ".md" && !Anchors(target).Contains(parts[1]))
            {
                yield return $"{page}: {link}: no such heading";
            }
        }
    }

    private static HashSet<string> Anchors(string page)
    {
        HashSet<string> anchors = [];
        foreach (Match heading in Heading().Matches(Fence().Replace(Read(page), "")))
        {
            string anchor = Anchor(heading.Groups[1].Value);
            for (int i = 0; !anchors.Add(i == 0 ? anchor : $"{anchor}-{i}"); i++)
            {
                // The second heading of a name has the anchor name-1.
            }
        }

        return anchors;
    }

    private static string Anchor(string heading) =>
        NotInAnchors().Replace(Link().Replace(heading.Trim(), "${text}").ToLowerInvariant(), "").Replace(' ', '-');

    private static string WithoutCode(string text) => InlineCode().Replace(Fence().Replace(text, ""), "");

    private static string Read(string page) =>
        File.ReadAllText(Path.Combine(TrackedFiles.Root, page)).ReplaceLineEndings("\n");

    private static IEnumerable<string> Folders(string file)
    {
        string? folder = Path.GetDirectoryName(file);
        while (!string.IsNullOrEmpty(folder))
        {
            yield return folder.Replace('\\', '/');
            folder = Path.GetDirectoryName(folder);
        }
    }

    [GeneratedRegex(@"!?\[(?<text>[^\]]*)\]\((?<target>[^)\s]+)(\s+""[^""]*"")?\)")]
    private static partial Regex Link();

    [GeneratedRegex("^[a-z][a-z+.-]*:", RegexOptions.IgnoreCase)]
    private static partial Regex Scheme();

    [GeneratedRegex("^#{1,6} +(.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^ *(?<mark>```|~~~).*?^ *\k<mark>", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex("`[^`\n]+`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"[^\p{L}\p{N}_ -]")]
    private static partial Regex NotInAnchors();
}
