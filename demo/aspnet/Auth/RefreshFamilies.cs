using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace HubshareDemo.Auth;

/// <summary>
/// Refresh cookies that rotate. A cookie is `family.generation.mac`; the server remembers one generation per family, so a spent
/// cookie is known for what it is without a list of all spent ones. Nothing that is kept, in memory or on file, can make a cookie.
/// </summary>
public sealed class RefreshFamilies
{
    public static readonly TimeSpan Life = TimeSpan.FromDays(7);

    private readonly Lock gate = new();
    private readonly Dictionary<string, RefreshFamily> families;
    private readonly byte[] key;
    private readonly string? file;

    public RefreshFamilies(DemoOptions options)
    {
        key = HKDF.DeriveKey(HashAlgorithmName.SHA256, options.SigningKey, 32, info: "hubshare-demo refresh"u8.ToArray());
        file = options.SessionsFile;
        families = Load(file);
    }

    /// <summary>Starts a family and gives its first cookie.</summary>
    public string Begin(string user)
    {
        var id = WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(16));
        lock (gate)
        {
            foreach (var old in families.Values.Where(family => family.ExpiresAt <= DateTimeOffset.UtcNow).ToList())
            {
                families.Remove(old.Id);
            }

            var begun = new RefreshFamily(id, user, 1, DateTimeOffset.UtcNow + Life);
            families[id] = begun;
            Save();
            return CookieOf(begun);
        }
    }

    /// <summary>Exchanges a cookie for the next generation. A cookie that was exchanged before ends its family.</summary>
    public (RefreshResult Result, string? Cookie) Rotate(string cookie)
    {
        lock (gate)
        {
            var found = Find(cookie);
            if (found.Verdict == RefreshVerdict.Reused)
            {
                families.Remove(found.Family!.Id);
                Save();
            }

            if (found.Verdict != RefreshVerdict.Valid)
            {
                return (found with { Family = null }, null);
            }

            var next = found.Family! with { Generation = found.Family!.Generation + 1, ExpiresAt = DateTimeOffset.UtcNow + Life };
            families[next.Id] = next;
            Save();
            return (new RefreshResult(RefreshVerdict.Valid, next), CookieOf(next));
        }
    }

    /// <summary>Looks without rotating and without ending anything.</summary>
    public RefreshResult Peek(string cookie)
    {
        lock (gate)
        {
            return Find(cookie);
        }
    }

    /// <summary>Ends the family of a genuine cookie, whichever generation it is.</summary>
    public void End(string cookie)
    {
        lock (gate)
        {
            if (Find(cookie).Family is { } family && families.Remove(family.Id))
            {
                Save();
            }
        }
    }

    private RefreshResult Find(string cookie)
    {
        var invalid = new RefreshResult(RefreshVerdict.Invalid, null);
        var parts = cookie.Split('.');
        if (parts.Length != 3
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            || !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(parts[2]), Encoding.ASCII.GetBytes(Mac(parts[0], generation)))
            || !families.TryGetValue(parts[0], out var family)
            || family.ExpiresAt <= DateTimeOffset.UtcNow)
        {
            return invalid;
        }

        return new RefreshResult(generation == family.Generation ? RefreshVerdict.Valid : RefreshVerdict.Reused, family);
    }

    private string CookieOf(RefreshFamily family) =>
        string.Create(CultureInfo.InvariantCulture, $"{family.Id}.{family.Generation}.{Mac(family.Id, family.Generation)}");

    private string Mac(string id, int generation) =>
        WebEncoders.Base64UrlEncode(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{generation}"))));

    private static Dictionary<string, RefreshFamily> Load(string? file)
    {
        if (file is null || !File.Exists(file))
        {
            return [];
        }

        var kept = JsonSerializer.Deserialize<List<RefreshFamily>>(File.ReadAllText(file), JsonSerializerOptions.Web) ?? [];
        return kept.ToDictionary(family => family.Id);
    }

    /// <summary>Written beside the file and moved over it, so that a killed process leaves the old state or the new one.</summary>
    private void Save()
    {
        if (file is null)
        {
            return;
        }

        var fresh = file + ".new";
        File.WriteAllText(fresh, JsonSerializer.Serialize(families.Values, JsonSerializerOptions.Web));
        File.Move(fresh, file, overwrite: true);
    }
}
