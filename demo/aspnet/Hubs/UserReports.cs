using HubshareDemo.Auth;
using HubshareDemo.Incidents;
using HubshareDemo.Security;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>What the hub knows about one user. It belongs to that user: nobody else reads it, except an administrator.</summary>
public sealed class UserReports(IncidentBoard incidents, HubPools pools, SecurityLog log)
{
    /// <exception cref="HubException">FORBIDDEN: it is another user's.</exception>
    public UserReport Read(ConnectionEntry caller, string userId)
    {
        if (userId != caller.User && !TokenClaims.IsAdmin(caller.Token.Principal))
        {
            // Whether there is such a user is not told either.
            log.Note(caller.Note(SecurityEventType.AccessDenied) with { Code = "FORBIDDEN", Method = nameof(OpsHub.GetUserReport) });
            throw new HubException("FORBIDDEN: You may read your own report only.");
        }

        var (raised, acknowledged, closed) = incidents.Tally(userId);
        var connections = pools.Ops.Registry.All.Count(entry => entry.User == userId);
        return new UserReport(userId, connections, raised, acknowledged, closed);
    }
}
