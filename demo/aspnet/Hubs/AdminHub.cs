using System.Text.Json;
using System.Text.RegularExpressions;
using HubshareDemo.Auth;
using HubshareDemo.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>The hub for administrators: who is connected, a word to one user or to all, alerts, and blocked users.</summary>
[Authorize(Policy = HubPolicies.Admin)]
public sealed partial class AdminHub(SecureHubServices services, Accounts accounts, ConnectionCutter cutter) : SecureHub(services)
{
    private const int LongestName = 200;

    private readonly SecureHubServices services = services;

    protected override bool IsForAdmins => true;

    public ConnectionStats GetConnectionStats() => ConnectionStats.Of(services.Pools.Ops.Registry);

    public int EmitToUser(string userId, string name, JsonElement[] args) =>
        services.Pools.Ops.EmitToUser(userId, CheckName(name), [.. args.Cast<object?>()]);

    public int EmitToAll(string name, JsonElement[] args) => services.Pools.Ops.EmitToAll(CheckName(name), [.. args.Cast<object?>()]);

    public object GetAlerts() => new { alerts = services.Log.Read(SecurityEventType.Alert), warnings = services.Log.Read(SecurityEventType.Warning) };

    /// <returns>How many connections were closed, on all hubs.</returns>
    public async Task<int> BlockUser(string userId)
    {
        if (userId == UserId)
        {
            throw new HubException("You cannot block yourself.");
        }

        accounts.Block(userId);
        services.Log.Note(new SecurityNote(SecurityEventType.UserBlocked) { UserId = userId, By = UserId });
        var connections = services.Pools.AllConnections.Where(entry => entry.User == userId).ToList();
        foreach (var entry in connections)
        {
            await cutter.CutAsync(entry, CutStyle.Close, Refusal.Blocked.ToString());
        }

        return connections.Count;
    }

    public void UnblockUser(string userId)
    {
        accounts.Unblock(userId);
        services.Log.Note(new SecurityNote(SecurityEventType.UserUnblocked) { UserId = userId, By = UserId });
    }

    /// <exception cref="HubException">It is no name for an event of an app.</exception>
    private static string CheckName(string name)
    {
        if (name is not { Length: > 0 and <= LongestName })
        {
            throw new HubException($"An event name has 1 to {LongestName} characters.");
        }

        // Clients act on these by themselves.
        return Reserved().IsMatch(name) ? throw new HubException($"Only the hub itself sends {name}.") : name;
    }

    [GeneratedRegex(@"^(connection|token|rate)\.", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Reserved();
}
