using System.Net;
using System.Text.RegularExpressions;

namespace HubshareDemo.Http;

/// <summary>Notices a token where it must not be: by its name or by its shape, in a query string.</summary>
public static partial class UrlTokens
{
    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "access_token", "accesstoken", "token", "id_token", "jwt", "bearer", "authorization",
    };

    /// <param name="query">Of a request.</param>
    /// <param name="allowed">A parameter that was asked for, which is not looked at.</param>
    public static bool Any(IQueryCollection query, string? allowed = null) =>
        query.Any(pair => pair.Key != allowed && pair.Value.DefaultIfEmpty("").Any(value => IsToken(pair.Key, value ?? "")));

    /// <summary>The same target with `REDACTED` in place of each value that is a token by its name or by its shape.</summary>
    public static string Redact(string target)
    {
        var start = target.IndexOf('?', StringComparison.Ordinal);
        if (start < 0)
        {
            return target;
        }

        var pairs = target[(start + 1)..].Split('&').Select(pair =>
        {
            var parts = pair.Split('=', 2);
            return IsToken(WebUtility.UrlDecode(parts[0]), WebUtility.UrlDecode(parts.ElementAtOrDefault(1) ?? "")) ? $"{parts[0]}=REDACTED" : pair;
        });
        return $"{target[..start]}?{string.Join('&', pairs)}";
    }

    private static bool IsToken(string name, string value) => Names.Contains(name) || JwtShape().IsMatch(value);

    [GeneratedRegex(@"^[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}\z", RegexOptions.CultureInvariant)]
    private static partial Regex JwtShape();
}
